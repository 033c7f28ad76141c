import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createHost, type LogRecord } from "@tenon/host";
import { kv } from "@tenon/example-kv/contract";
import { goExample } from "@tenon/example-kv/go";
import { Code, type ConnectError } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import { rm } from "node:fs/promises";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const { plugin, missing } = await goExample();

describe("go-plugin's own example plugin, unchanged, under our host", { skip: missing ?? false }, () => {
  for (const autoMtls of [true, false]) {
    const title = autoMtls ? "with AutoMTLS [TLS-09]" : "in plaintext";
    test(`put, get, ping and a graceful stop, ${title} [HOST-01] [HOST-03] [STOP-01]`, async (t) => {
      // The example keeps its values in files named after the keys, in its working directory.
      t.after(() => rm(`${sandbox.directory}/kv_hello`, { force: true }));
      const records: LogRecord[] = [];
      await using host = createHost({ log: (record) => void records.push(record) });
      const session = await host.start(kv, { process: [plugin!], cwd: sandbox.directory }, { autoMtls });
      assert.equal(session.tls, autoMtls);
      const client = session.client("kv");
      await client.put({ key: "hello", value: Buffer.from("world") });
      const { value } = await client.get({ key: "hello" });
      assert.match(Buffer.from(value).toString(), /^world/);
      await assert.rejects(client.get({ key: "missing" }), (error: ConnectError) => error.code === Code.Unknown);
      assert.ok((await session.ping()) >= 0);
      await eventually(() => records.find(({ message, level }) => message === "plugin address" && level === "debug"));
      const outcome = await session.stop();
      assert.deepEqual([outcome.how, outcome.exitCode, outcome.isDrained], ["shutdown", 0, true]);
      await sandbox.assertClean();
    });
  }
});
