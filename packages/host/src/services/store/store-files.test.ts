import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Code, type ConnectError } from "@connectrpc/connect";
import { isTenonError, type TenonError } from "@tenon/core";
import { storeFileName } from "./file-name.js";
import { bytes, makeDirectory, openStore, text } from "./store.testing.js";

test("a host finds what the one before has stored, and versions go on [SVC-06]", async (t) => {
  const directory = makeDirectory(t);
  const before = openStore(t, { directory });
  const { version } = await before.clientOf("kv").put({ key: "a", value: Uint8Array.of(0, 255, 10) });
  await before.clientOf("kv").put({ key: 'odd "key"\n__proto__', value: bytes("é") });
  await before.store.close();
  const after = openStore(t, { directory }).clientOf("kv");
  const { entry } = await after.get({ key: "a" });
  assert.deepEqual([[...entry!.value], entry!.version], [[0, 255, 10], version]);
  assert.equal(text((await after.get({ key: 'odd "key"\n__proto__' })).entry?.value), "é");
  assert.ok((await after.put({ key: "a", value: bytes("2") })).version > version);
  assert.equal(statSync(join(directory, "kv.store")).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test("an answered write is in the file, and one batch is one replacement of it [SVC-06]", async (t) => {
  const directory = makeDirectory(t);
  const { clientOf } = openStore(t, { directory });
  const client = clientOf("kv");
  await client.put({ key: "a", value: bytes("1") });
  const file = join(directory, "kv.store");
  assert.match(readFileSync(file, "utf8"), /^\["a","\d+","MQ=="\]$/m);
  const inodes = new Set<number>();
  await Promise.all(
    Array.from({ length: 500 }, (_, at) =>
      client.put({ key: `k${at}`, value: bytes("1") }).then(() => inodes.add(statSync(file).ino)),
    ),
  );
  assert.ok(inodes.size < 50, `${inodes.size} files for 500 writes`);
  assert.deepEqual(readdirSync(directory), ["kv.store"]);
});

test("a store without entries has no file [SVC-06]", async (t) => {
  const directory = makeDirectory(t);
  const { store, clientOf } = openStore(t, { directory });
  const client = clientOf("kv");
  const { version } = await client.put({ key: "a", value: bytes("1") });
  await client.delete({ key: "a" });
  assert.deepEqual(readdirSync(directory), []);
  await client.put({ key: "a", value: bytes("1") });
  await client.put({ key: "b", value: bytes("1") });
  await store.erase("kv");
  assert.deepEqual(readdirSync(directory), []);
  assert.deepEqual((await client.list({})).entries, []);
  const again = openStore(t, { directory });
  assert.ok((await again.clientOf("kv").put({ key: "a", value: bytes("1") })).version > version);
});

test("a write that cannot be made durable fails, changes nothing and is reported [SVC-06]", async (t) => {
  const directory = makeDirectory(t);
  const faults: TenonError[] = [];
  const { clientOf } = openStore(t, { directory, onFault: (error) => faults.push(error) });
  const client = clientOf("kv");
  const { version } = await client.put({ key: "a", value: bytes("1") });
  // A folder in the way of the temporary file.
  mkdirSync(join(directory, "kv.store.tmp", "x"), { recursive: true });
  const writes = await Promise.allSettled([
    client.put({ key: "a", value: bytes("2") }),
    client.put({ key: "b", value: bytes("2"), ifVersion: 0n }),
    client.delete({ key: "a" }),
  ]);
  for (const each of writes) {
    assert.equal(each.status, "rejected");
    assert.equal((each.reason as ConnectError).code, Code.Unavailable);
    assert.ok(!(each.reason as ConnectError).message.includes(directory));
  }
  assert.ok(faults.length > 0 && faults.every((error) => isTenonError(error, "store-failed")));
  const { entries } = await client.list({});
  assert.deepEqual(
    entries.map((each) => [each.key, text(each.value), each.version]),
    [["a", "1", version]],
  );
  rmSync(join(directory, "kv.store.tmp"), { recursive: true });
  await client.put({ key: "a", value: bytes("3"), ifVersion: version });
});

for (const [title, damage] of [
  ["cut off", (file: string) => truncateSync(file, statSync(file).size - 3)],
  ["empty", (file: string) => truncateSync(file, 0)],
  [
    "changed in one byte",
    (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace('"MQ=="', '"Mg=="')),
  ],
  ["of another plugin", (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace('"kv"', '"vk"'))],
  [
    "of a later format",
    (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace('"version":1', '"version":2')),
  ],
  ["no store at all", (file: string) => writeFileSync(file, "hello\nworld\n")],
] as const) {
  test(`a file that is ${title} is refused, reported and left alone [SVC-08]`, async (t) => {
    const directory = makeDirectory(t);
    const before = openStore(t, { directory });
    await before.clientOf("kv").put({ key: "a", value: bytes("1") });
    await before.store.close();
    const file = join(directory, "kv.store");
    const whole = readFileSync(file);
    damage(file);
    const damaged = readFileSync(file);
    const faults: TenonError[] = [];
    const { store, clientOf } = openStore(t, { directory, onFault: (error) => faults.push(error) });
    await assert.rejects(store.open("kv"), (error) => isTenonError(error, "store-corrupt"));
    const client = clientOf("kv");
    await assert.rejects(client.get({ key: "a" }), { code: Code.DataLoss });
    await assert.rejects(client.put({ key: "a", value: bytes("2") }), { code: Code.DataLoss });
    assert.deepEqual(readFileSync(file), damaged);
    assert.deepEqual(
      faults.map(({ code, facts }) => [code, facts["file"]]),
      Array.from({ length: 3 }, () => ["store-corrupt", file]),
    );
    writeFileSync(file, whole);
    assert.equal(text((await client.get({ key: "a" })).entry?.value), "1");
    damage(file);
    const third = openStore(t, { directory });
    await third.store.erase("kv");
    assert.deepEqual(readdirSync(directory), []);
  });
}

test("what another process wrote is not overwritten, and read instead [SVC-10]", async (t) => {
  const directory = makeDirectory(t);
  const [one, two] = [openStore(t, { directory }), openStore(t, { directory })];
  await one.clientOf("kv").put({ key: "a", value: bytes("1") });
  assert.equal(text((await two.clientOf("kv").get({ key: "a" })).entry?.value), "1");
  await one.clientOf("kv").put({ key: "a", value: bytes("2") });
  await assert.rejects(two.clientOf("kv").put({ key: "b", value: bytes("x") }), (error: ConnectError) => {
    assert.match(error.message, /another process has written the file/);
    return error.code === Code.Unavailable;
  });
  assert.equal(text((await two.clientOf("kv").get({ key: "a" })).entry?.value), "2");
  await two.clientOf("kv").put({ key: "b", value: bytes("3") });
});

test("no name of a plugin leaves the directory, and none is another's [SVC-09]", async (t) => {
  const directory = makeDirectory(t);
  const { clientOf } = openStore(t, { directory });
  const names = [
    "kv",
    "KV",
    "..",
    "../up",
    "/etc/x",
    "a\\b",
    "nul\u0000",
    "é",
    "kv.store",
    "kv%2E",
    ".",
    "x".repeat(300),
    `${"x".repeat(299)}y`,
    "%".repeat(200),
  ];
  for (const name of names) await clientOf(name).put({ key: "name", value: bytes(name) });
  assert.equal(readdirSync(directory).length, names.length);
  assert.deepEqual(readdirSync(dirname(directory)), ["later"]);
  const lower = new Set(names.map((name) => storeFileName(name).toLowerCase()));
  assert.equal(lower.size, names.length);
  for (const name of names) {
    assert.match(storeFileName(name), /^[\w%~-]{1,120}\.store$/);
    assert.equal(text((await clientOf(name).get({ key: "name" })).entry?.value), name);
  }
});
