import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { createHost } from "@tenon/host";
import { shop } from "./contract.js";
import { QueryRequestSchema } from "./gen/shop/v1/shop_pb.js";
import { openDatabase, type ShopDatabase } from "./database.js";
import { launches } from "./launches.js";
import { awardByAll, fill } from "./shop.js";
import { toValue } from "./values.js";

function open(t: TestContext): ShopDatabase {
  const directory = mkdtempSync("/tmp/tenon-shop-");
  const database = openDatabase(join(directory, "shop.db"));
  t.after(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  fill(database);
  return database;
}

test("the plugin, however it is started, uses the host's one connection [SVC-15]", async (t) => {
  const database = open(t);
  const points = await awardByAll(database, launches, "Ada");
  const names = Object.keys(launches);
  assert.deepEqual(
    [...points],
    names.map((name, at) => [name, 42n * BigInt(at + 1)]),
  );
  assert.deepEqual(
    [...database.queriesBy],
    names.map((name) => [name, 2]),
  );
  assert.deepEqual(database.all("SELECT * FROM points"), [{ customer: "Ada", points: 42 * names.length }]);
});

test("a plugin that may only read cannot write, and one without the grant cannot even read [SVC-15]", async (t) => {
  const database = open(t);
  await using host = createHost();
  const [[, launch] = []] = Object.entries(launches);
  for (const hostServices of [{ database: database.readOnly }, {}]) {
    const session = await host.start(shop, launch!, { hostServices });
    await assert.rejects(session.client("loyalty").award({ customer: "Ada" }), { code: Code.PermissionDenied });
    await session.stop();
  }
  assert.deepEqual(database.all("SELECT * FROM points"), []);
});

test("the database takes one statement of four kinds, with values of every kind", async (t) => {
  const database = open(t);
  const service = database.readWrite({ name: "kv" });
  const query = (sql: string, ...parameters: unknown[]) =>
    service.query(create(QueryRequestSchema, { sql, parameters: parameters.map(toValue) }), {} as never) as {
      rows: { columns: Record<string, unknown> }[];
    };
  const values = [1n << 60n, -7, 1.5, "é", Uint8Array.of(0, 255), null];
  const [row] = query("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f", ...values).rows;
  assert.deepEqual(
    row!.columns,
    Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name, at) => [name, toValue(values[at])])),
  );
  const fails = (code: Code, sql: string) =>
    assert.throws(
      () => query(sql),
      (error: ConnectError) => error.code === code,
    );
  for (const sql of [
    "ATTACH '/tmp/x' AS x",
    "PRAGMA query_only = OFF",
    "DROP TABLE orders",
    "-- \nDROP TABLE orders",
    "",
  ]) {
    fails(Code.PermissionDenied, sql);
  }
  fails(Code.InvalidArgument, "SELECT nothing");
  query("SELECT 1; DROP TABLE orders");
  assert.equal(database.all("SELECT * FROM orders").length, 3);
  fails(
    Code.ResourceExhausted,
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) SELECT i FROM n",
  );
});

test("the program of the page prints what the plugins did", async () => {
  const main = fileURLToPath(new URL("main.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main]);
  for (const name of Object.keys(launches)) assert.match(stdout, new RegExp(`^${name} .*; 2 queries$`, "m"));
});
