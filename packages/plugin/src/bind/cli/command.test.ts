import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@tenon/testkit";
import { cookie } from "../../kv.testing.js";
import { createLogger } from "../../log/logger.js";
import { startHost, type TestHost } from "../host.testing.js";
import { runTenonBind } from "./command.js";

const index = new URL("../../index.js", import.meta.url).href;
const kvModule = new URL("../../kv.testing.js", import.meta.url).href;

/** A plugin that counts its calls, and does as the key of a `put` says. */
const program = `
import { writeSync } from "node:fs";
import { implement, runPlugin } from ${JSON.stringify(index)};
import { echo, kv } from ${JSON.stringify(kvModule)};
let calls = 0;
let letGo = () => {};
const held = new Promise((resolve) => (letGo = resolve));
const put = async (pair) => {
  calls++;
  if (pair.key === "hold") await held;
  if (pair.key === "go") letGo();
  if (pair.key === "exit") process.exit(3);
  if (pair.key === "log") writeSync(2, "[WARN] from the plugin\\n");
  return { key: calls + " of " + process.pid, value: pair.value };
};
await runPlugin(implement(kv, { kv: { ...echo, put } }), import.meta);
`;

function run(t: TestContext, host: TestHost, args: readonly string[] = [], isReady = false) {
  const directory = mkdtempSync("/tmp/bind-");
  const file = join(directory, "plugin.mjs");
  writeFileSync(file, program);
  const readyFile = join(directory, "ready");
  if (isReady) writeFileSync(readyFile, "");
  const records: Record<string, unknown>[] = [];
  let signal = (_name: string): void => {};
  let isOver = false;
  const code = runTenonBind({
    args: [
      "--to",
      host.to,
      "--name",
      "kv",
      `--cookie=${cookie.key}=${cookie.value}`,
      `--ready-file=${readyFile}`,
      ...args,
      "--",
      process.execPath,
      file,
    ],
    env: process.env,
    stdout: () => {},
    stderr: () => {},
    onSignal: (listener) => (signal = listener),
    onExit: () => {},
    exit: () => assert.fail("no second signal was sent"),
    logger: createLogger({ name: "kv", write: (line) => records.push(JSON.parse(line)) }),
  });
  void code.then(() => (isOver = true));
  t.after(async () => {
    if (!isOver) signal("SIGTERM");
    await code;
    rmSync(directory, { recursive: true });
  });
  return { code, records, readyFile, signal: (name: string) => signal(name) };
}

test("a program's services are told by reflection, with methods and hashes, and called over the link [BPL-20]", async (t) => {
  const host = await startHost(t);
  const { readyFile } = run(t, host);
  const link = await host.link(1);
  const [service] = link.hello.versions[0]?.services ?? [];
  assert.deepEqual(
    [link.hello.plugin, link.hello.multiplex, service?.typeName, service?.methods, service?.descriptorHash.length],
    ["kv", true, "test.KV", ["Get", "Put", "Watch"], 32],
  );
  const client = await link.client();
  assert.match((await client.put({ key: "a" })).key, /^1 of \d+$/);
  assert.ok(existsSync(readyFile));
});

test("without yamux one process serves all links [BPL-21]", async (t) => {
  const host = await startHost(t);
  run(t, host, ["--no-multiplex", "--service", "test.KV"]);
  const first = await (await (await host.link(1)).client()).put({ key: "a" });
  host.cut();
  const link = await host.link(2);
  const second = await (await link.client()).put({ key: "a" });
  assert.equal(link.hello.multiplex, false);
  assert.deepEqual(
    link.hello.versions[0]?.services.map(({ typeName, methods }) => [typeName, methods]),
    [["test.KV", []]],
  );
  assert.equal(second.key, first.key.replace("1 of", "2 of"));
});

test("with yamux each link has a process of its own [BPL-21]", async (t) => {
  const host = await startHost(t);
  run(t, host);
  const first = await (await (await host.link(1)).client()).put({ key: "a" });
  host.cut();
  const second = await (await (await host.link(2)).client()).put({ key: "a" });
  assert.match(second.key, /^1 of/);
  assert.notEqual(second.key, first.key);
});

for (const flags of [[], ["--no-multiplex"]]) {
  test(`the end of the program ends the link with a reason, and its exit code is the command's ${flags.join()} [BPL-22]`, async (t) => {
    const host = await startHost(t);
    const { code, readyFile } = run(t, host, flags);
    const link = await host.link(1);
    await assert.rejects((await link.client()).put({ key: "exit" }));
    assert.equal(await code, 3);
    await eventually(() => link.isOver);
    const last = link.frames.at(-1);
    assert.ok(
      last?.case === "goodbye" && last.value.reason === "the plugin ended with exit code 3" && !last.value.mayReturn,
    );
    assert.ok(!existsSync(readyFile));
  });
}

test("its standard error goes to the host as records [BPL-23]", async (t) => {
  const host = await startHost(t);
  run(t, host);
  const link = await host.link(1);
  await (await link.client()).put({ key: "log" });
  await eventually(() => link.logs.some(({ message }) => message === "[WARN] from the plugin"));
});

test("SIGTERM leaves in order: a goodbye, the program's end, exit code 0 [BPL-24]", async (t) => {
  const host = await startHost(t);
  const { code, signal, readyFile } = run(t, host);
  const link = await host.link(1);
  const { key } = await (await link.client()).put({ key: "a" });
  signal("SIGTERM");
  assert.equal(await code, 0);
  await eventually(() => link.isOver);
  const last = link.frames.at(-1);
  assert.ok(last?.case === "goodbye" && last.value.reason === "tenon-bind got SIGTERM");
  assert.throws(() => process.kill(Number(key.split(" ").at(-1)), 0), { code: "ESRCH" });
  assert.ok(!existsSync(readyFile));
});

test("SIGTERM waits for the host's word that no call is in flight, however quiet the calls are [BPL-25]", async (t) => {
  const host = await startHost(t, { drains: false });
  const { code, signal } = run(t, host);
  const link = await host.link(1);
  const client = await link.client();
  const call = client.put({ key: "hold" });
  await client.put({ key: "a" });
  signal("SIGTERM");
  const drain = await eventually(() => link.frames.find((frame) => frame.case === "drain"));
  assert.deepEqual([drain.value.reason, drain.value.timeoutMs], ["tenon-bind got SIGTERM", 10_000]);
  await sleep(500);
  assert.ok(!link.isOver);
  await client.put({ key: "go" });
  assert.match((await call).key, /^3 of/);
  link.send({ case: "drained", value: {} });
  assert.equal(await code, 0);
});

test("a host that drains it says when it may go; one that never does is left in time [BPL-25]", async (t) => {
  const host = await startHost(t, { drains: false });
  const drained = run(t, host);
  const link = await host.link(1);
  await link.client();
  link.send({ case: "drain", value: { timeoutMs: 60_000, reason: "an update" } });
  link.send({ case: "drained", value: {} });
  assert.equal(await drained.code, 0);
  assert.ok(link.frames.every((frame) => frame.case !== "drain"));

  const left = run(t, host, ["--drain-timeout-ms=50"]);
  await host.link(2);
  left.signal("SIGTERM");
  assert.equal(await left.code, 0);
});

test("a link that is lost while its process starts is made anew [BPL-21]", async (t) => {
  const host = await startHost(t, { cutsFirst: true });
  const { records } = run(t, host);
  const link = await host.link(2);
  assert.match((await (await link.client()).put({ key: "a" })).key, /^1 of/);
  assert.equal(records.filter((each) => each["@message"] === "bind: bound").length, 1);
});

test("a ready file that was left is removed at the start, and one that cannot be made is refused [BPL-26]", async (t) => {
  const host = await startHost(t, { decide: () => new Promise(() => {}) });
  const { readyFile } = run(t, host, [], true);
  await eventually(() => host.hellos.length === 1);
  assert.ok(!existsSync(readyFile));
  const { code } = run(t, host, ["--ready-file=/nowhere/ready"]);
  assert.equal(await code, 2);
});

test("a program that does not start is the end, with what it said [BPL-22]", async (t) => {
  const host = await startHost(t);
  const { code, records } = run(t, host, ["--cookie", "OTHER=cookie"]);
  assert.equal(await code, 1);
  assert.ok(records.some((each) => each["code"] === "exited-before-handshake"));
  assert.equal(host.hellos.length, 0);
});

test("a refusal for good is the end, with exit code 1 [BPL-22]", async (t) => {
  const host = await startHost(t, { decide: () => ({ reject: { code: "not-admitted", reason: "no" } }) });
  const { code, records } = run(t, host);
  assert.equal(await code, 1);
  assert.ok(records.some((each) => each["code"] === "bind-rejected" || JSON.stringify(each).includes("not-admitted")));
});
