import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type ConnectError } from "@connectrpc/connect";
import { createHost, type LogRecord } from "@tenon/host";
import { eventually } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { PrintRequest_Target as Target } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const plugin = { process: fixture("echo-plugin") };

test("what process.stdout gets arrives as records of source stdio [STDIO-01] [STDIO-03] [STDIO-06]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  const session = await host.start(echo, plugin);
  const { print } = session.client("chaos");
  for (let i = 0; i < 50; i++) await print({ target: Target.STDOUT, text: `line ${i}` });
  const found = await eventually(() => {
    const lines = records.filter(({ source }) => source === "stdio");
    return lines.length === 50 ? lines : undefined;
  });
  assert.deepEqual(
    found.map(({ message, plugin }) => `${plugin}: ${message}`),
    found.map((_, i) => `echo: line ${i}`),
  );
});

test("what console prints arrives as log records and never on real stdout [STDIO-01]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  const session = await host.start(echo, plugin);
  await session.client("chaos").print({ target: Target.CONSOLE, text: "by console.log" });
  const found = await eventually(() => records.find(({ message }) => message === "by console.log"));
  assert.deepEqual([found.source, found.level], ["stderr", "info"]);
});

test("what reaches real stdout is a record of source stdout [LOG-11] [HS-23]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  const session = await host.start(echo, plugin);
  await session.client("chaos").print({ target: Target.DESCRIPTOR_1, text: "past all guards" });
  const found = await eventually(() => records.find(({ message }) => message === "past all guards"));
  assert.equal(found.source, "stdout");
});

test("64 MiB on real stdout, one line and many, neither block the plugin nor stop calls [HS-23]", {
  timeout: 60_000,
}, async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  const { print } = session.client("chaos");
  const before = process.memoryUsage.rss();
  const floods = [
    print({ target: Target.DESCRIPTOR_1, text: "y".repeat(1023), times: 32 * 1024 }),
    print({ target: Target.DESCRIPTOR_1, text: "z".repeat((1 << 20) - 1), times: 32 }),
  ];
  await session.client("echo").unary({});
  await Promise.all(floods);
  await session.ping();
  const grownMiB = (process.memoryUsage.rss() - before) / (1 << 20);
  assert.ok(grownMiB < 192, `the host grew by ${grownMiB.toFixed()} MiB`);
  assert.equal((await session.stop()).how, "shutdown");
});

test("a dependency that prints at import does not break the handshake [STDIO-02]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  await host.start(echo, { process: fixture("prints-before-serving") });
  for (const text of ["Thank you for using left-pad!", "See our website."]) {
    await eventually(() => records.find(({ message }) => message === text), { what: text });
  }
});

test("what was printed just before the end is delivered [STDIO-05]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  const session = await host.start(echo, plugin);
  await session.client("chaos").print({ target: Target.STDOUT, text: "famous last words" });
  assert.equal((await session.stop()).how, "shutdown");
  assert.ok(records.some(({ message }) => message === "famous last words"));
});

test("a plugin without a stdio service is a plugin all the same [STDIO-07] [LIFE-14]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => void records.push(record) });
  const command = fixture("stubborn", "unimplemented", "sigterm-default");
  const session = await host.start(echo, { process: command }, { autoMtls: false });
  const call = session.client("echo").unary({});
  await assert.rejects(call, (error: ConnectError) => error.code === Code.Unimplemented);
  await session
    .client("echo")
    .unary({})
    .catch(() => {});
  assert.deepEqual(host.sessions, [session]);
  assert.deepEqual(
    records.filter(({ level }) => level === "error"),
    [],
  );
});

test("nothing of all that is left behind [LIFE-18]", () => sandbox.assertClean());
