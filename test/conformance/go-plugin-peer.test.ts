import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createHost, type LogRecord } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { echoClientSuite } from "./peers/client-suite.js";
import { goPeers } from "./peers/go.js";
import { runPeer } from "./peers/peer-report.js";
import { startEcho } from "./peers/start-echo.js";

const sandbox = useSandbox();
const { plugin, host: goHost, missing } = await goPeers();
const skip = missing ?? false;
const host = createHost();
const hello = { chunks: [Buffer.from("hello")] };

for (const autoMtls of [true, false]) {
  const peer = `a Go plugin ${autoMtls ? "with AutoMTLS [TLS-01] [TLS-09] [HOST-03]" : "in plaintext [HOST-03]"}`;
  echoClientSuite(peer, () => startEcho(host, [plugin!], { autoMtls }), skip);
}

describe("a Go plugin under our host", { skip }, () => {
  test("its log records keep level, module, time and fields [LOG-02] [HOST-03]", async () => {
    const records: LogRecord[] = [];
    const session = await host.start(echo, { process: [plugin!] }, { log: (record) => void records.push(record) });
    const since = Date.now();
    await session.client("echo").unary(hello, { headers: { "x-log": "hello from Go" } });
    const record = await eventually(() => records.find(({ message }) => message === "hello from Go"));
    assert.equal(record.level, "warn");
    assert.equal(record.module, "go-echo");
    assert.equal(record.source, "stderr");
    assert.equal(record.fields["answer"], 42);
    assert.ok(Math.abs(record.time.getTime() - since) < 5000, record.time.toISOString());
    await session.stop();
  });

  test("what it prints arrives as records of source stdio [STDIO-06] [HOST-03]", async () => {
    const records: LogRecord[] = [];
    const session = await host.start(echo, { process: [plugin!] }, { log: (record) => void records.push(record) });
    await session.client("echo").unary(hello, { headers: { "x-print": "printed by Go" } });
    const record = await eventually(() => records.find(({ message }) => message === "printed by Go"));
    assert.equal(record.source, "stdio");
    await session.stop();
  });

  test("its panic is one record at error with the whole trace, and fails calls [LOG-07] [LIFE-15]", async () => {
    const records: LogRecord[] = [];
    const session = await host.start(echo, { process: [plugin!] }, { log: (record) => void records.push(record) });
    await assert.rejects(session.client("echo").unary(hello, { headers: { "x-panic": "out of cheese" } }));
    const outcome = await session.closed;
    assert.deepEqual([outcome.how, outcome.exitCode], ["crashed", 2]);
    const panics = records.filter(({ message }) => message.includes("out of cheese"));
    assert.equal(panics.length, 1);
    assert.equal(panics[0]!.level, "error");
    assert.match(panics[0]!.message, /^panic: out of cheese[\s\S]+goroutine \d+ \[running\]:[\s\S]+serve\.go:\d+/);
  });

  test("20 starts and stops, each graceful, every other one with Go's P-521 [HOST-03] [STOP-01] [LIFE-18] [TLS-09]", async () => {
    for (let i = 0; i < 20; i++) {
      const session = await host.start(echo, { process: [plugin!] }, { autoMtls: i % 2 === 0 });
      await session.ping();
      const outcome = await session.stop();
      assert.deepEqual([outcome.how, outcome.exitCode], ["shutdown", 0]);
    }
    await sandbox.assertClean();
  });
});

for (const autoMtls of [true, false]) {
  const title = autoMtls ? "with AutoMTLS [TLS-04] [TLS-09]" : "in plaintext";
  test(`a Go host starts, calls, hears and stops our plugin, ${title} [HOST-04]`, { skip }, async (t) => {
    const checks = await runPeer([goHost!, ...fixture("echo-plugin")], { MTLS: autoMtls ? "1" : "0" });
    for (const { check, error } of checks) await t.test(check, () => assert.equal(error, ""));
    assert.ok(checks.length > 20, "the host went through all its checks");
    await sandbox.assertClean();
  });
}
