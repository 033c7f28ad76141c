import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { describeService } from "@tenon/core/bind";
import { isTenonError, type TenonError } from "@tenon/core";
import { eventually, withTimeout } from "@tenon/testkit";
import { KV } from "../kv.testing.js";
import { bindPlugin } from "./bind-plugin.js";
import { bind, plugin, slowPlugin, startHost, welcome } from "./host.testing.js";

const bytes = (text: string) => new TextEncoder().encode(text);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("resolves when it is welcomed, not before, and is called over the link [BPL-01]", async (t) => {
  let admit = () => {};
  const admitted = new Promise<void>((resolve) => (admit = resolve));
  const host = await startHost(t, { decide: () => admitted.then(() => welcome()) });
  let isBound = false;
  const binding = bind(t, { to: host.to, version: "1.2.3" }).then((result) => {
    isBound = true;
    return result;
  });
  await eventually(() => host.hellos.length === 1);
  assert.equal(isBound, false);
  admit();
  const { bound, types } = await binding;
  const link = await host.link(1);
  const { plugin: name, version, contract, instance, multiplex, minProtocol, maxProtocol } = link.hello;
  assert.deepEqual(
    { name, version, contract, instance, multiplex, minProtocol, maxProtocol },
    {
      name: "kv",
      version: "1.2.3",
      contract: "kv",
      instance: bound.instance,
      multiplex: true,
      minProtocol: 1,
      maxProtocol: 1,
    },
  );
  const client = await link.client();
  assert.equal((await client.get({ key: "a", value: bytes("b") })).key, "a");
  const seen: string[] = [];
  for await (const { key } of client.watch({ key: "w" })) seen.push(key);
  assert.deepEqual(seen, ["w"]);
  assert.deepEqual(
    [bound.state, bound.link?.session, bound.link?.host, bound.link?.contractVersion, types()],
    ["bound", "s-1", "test", 1, ["bound"]],
  );
});

test("a Hello names the services with methods and hashes, and a question about them is answered [BPL-02]", async (t) => {
  const host = await startHost(t, { asks: ["test.KV", "test.Unknown"] });
  await bind(t, { to: host.to });
  assert.deepEqual(host.descriptions, [describeService(KV), ""]);
  const [version] = host.hellos[0]?.versions ?? [];
  const [service] = version?.services ?? [];
  assert.deepEqual(
    [version?.version, service?.typeName, service?.methods, service?.descriptorHash.length],
    [1, "test.KV", ["Get", "Put", "Watch"], 32],
  );
  assert.match(describeService(KV), /^service test\.KV\nmethod Get unary/);
});

test("a host that is not there yet is waited for [BPL-03]", async (t) => {
  const port = await freePort();
  const binding = bind(t, { to: `127.0.0.1:${port}` });
  await new Promise((resolve) => setTimeout(resolve, 60));
  const host = await startHost(t, { port });
  const { events } = await withTimeout(binding, 5000, "the binding");
  assert.equal(host.hellos.length, 1);
  const first = events[0];
  assert.ok(first?.type === "unreachable" && /ECONNREFUSED/.test(String(first.cause)));
});

test("a refusal for good rejects, with code, reason and field; one that may pass is tried again [BPL-03]", async (t) => {
  const reason = "the token's time is over: issue another";
  const host = await startHost(t, {
    decide: (_hello, nth) =>
      nth < 3
        ? { reject: { code: "host-busy", reason: "full", retryable: true } }
        : { reject: { code: "token-expired", reason, field: "token" } },
  });
  const started = bind(t, { to: host.to, token: "s3cret" });
  await assert.rejects(started, (error: TenonError) => {
    assert.ok(isTenonError(error, "bind-rejected"));
    assert.deepEqual(error.facts, { code: "token-expired", reason, field: "token", to: host.to });
    assert.match(error.message, /"kv".*token-expired \(field token of Hello\)/);
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
  assert.equal(host.hellos.length, 3);
});

test("a lost link is made anew, with the same instance and a higher epoch, and ends its calls [BPL-04]", async (t) => {
  const { served, aborted, begun, letGo } = slowPlugin();
  t.after(letGo);
  const host = await startHost(t);
  const { bound, types } = await bind(t, { to: host.to }, served);
  const call = (await (await host.link(1)).client()).get({ key: "a" });
  call.catch(() => {});
  await eventually(() => begun() === 1);
  host.cut();
  const second = await host.link(2);
  await eventually(() => bound.state === "bound");
  const [one, two] = host.hellos;
  assert.ok(one && two);
  assert.equal(one.instance, two.instance);
  assert.ok(two.epoch > one.epoch);
  await eventually(() => aborted.length === 1);
  assert.equal((await (await second.client()).put({ key: "b" })).key, "b");
  assert.deepEqual(types().slice(0, 3), ["bound", "lost", "bound"]);
});

test("a host that restarts is no event for the plugin's user [BPL-05]", async (t) => {
  const first = await startHost(t);
  const { bound } = await bind(t, { to: first.to });
  await first.stop();
  await eventually(() => bound.state !== "bound");
  const second = await startHost(t, { port: Number(first.to.split(":")[1]) });
  const client = await (await second.link(1)).client();
  assert.equal((await client.get({ key: "again" })).key, "again");
});

test("heartbeats go both ways; a silent host is suspected, given up, and dialled again [BPL-06]", async (t) => {
  const host = await startHost(t, { decide: () => welcome({ heartbeatMs: 40, deadAfterMs: 160 }) });
  const { bound, types, events } = await bind(t, { to: host.to });
  const link = await host.link(1);
  link.send({ case: "beat", value: { id: 77n } });
  await eventually(() => link.frames.some((frame) => frame.case === "beatAnswer" && frame.value.id === 77n));
  await eventually(() => bound.link?.roundTripMs);
  link.mute();
  await host.link(2);
  await eventually(() => bound.state === "bound");
  const lost = types().indexOf("lost");
  assert.ok(types().indexOf("suspect") >= 0 && types().indexOf("suspect") < lost, types().join());
  const event = events[lost];
  assert.ok(event?.type === "lost" && /nothing was heard/.test(event.reason));
});

test("records come over the link in order, with gaps for none, across a lost link [BPL-10]", async (t) => {
  const host = await startHost(t, {
    decide: (_hello, nth) => welcome({ lastLog: nth === 1 ? 0n : (host.links[0]?.logs.at(-1)?.sequence ?? 0n) }),
    takesLogs: false,
  });
  const { bound } = await bind(t, { to: host.to });
  const { logger } = bound;
  logger.info("one", { n: 1 });
  const link = await host.link(1);
  await eventually(() => link.logs.some(({ message }) => message === "one"));
  logger.debug("not wanted");
  link.send({ case: "logLevel", value: { level: 2 } });
  await eventually(() => logger.isEnabled("debug"));
  await eventually(() => {
    logger.debug("wanted now");
    return link.logs.some(({ message }) => message === "wanted now");
  });
  host.cut();
  logger.child({ name: "part" }).warn("while away");
  const second = await host.link(2);
  await eventually(() => second.logs.some(({ message }) => message === "while away"));
  const all = [...link.logs, ...second.logs].map(({ sequence }) => Number(sequence));
  assert.deepEqual(
    all,
    all.map((_, i) => i + 1),
  );
  assert.ok(!link.logs.some(({ message }) => message === "not wanted"));
});

test("the token's file is read at each attempt, and a token for the next Hello is used [BPL-13]", async (t) => {
  const directory = mkdtempSync("/tmp/bind-");
  t.after(() => rmSync(directory, { recursive: true }));
  const tokenFile = join(directory, "token");
  await assert.rejects(bind(t, { to: "127.0.0.1:1", tokenFile }), { code: "token-unreadable" });
  writeFileSync(tokenFile, "first\n");
  const host = await startHost(t, { decide: (_hello, nth) => welcome({ nextToken: nth === 2 ? "once" : "" }) });
  await bind(t, { to: host.to, tokenFile });
  writeFileSync(tokenFile, "second\n");
  host.cut();
  await host.link(2);
  host.cut();
  await host.link(3);
  assert.deepEqual(
    host.hellos.map(({ token }) => token),
    ["first", "second", "once"],
  );
});

test("options that cannot be are refused before anything is dialled [BPL-12]", async () => {
  const to = "127.0.0.1:1";
  const wrong = [{ to: "nowhere" }, { to, name: "a b" }, { to, instance: "" }, { to, token: "a", tokenFile: "b" }];
  for (const options of [
    ...wrong,
    { to, maxBackoffMs: -1 },
    { to, requiredHostServices: ["store"] },
    { to: "10.1.2.3:70" },
    { to: "host.example:70", token: "x" },
  ]) {
    await assert.rejects(bindPlugin(plugin, options), { code: "option-invalid" }, JSON.stringify(options));
  }
});

test("a version that was not offered is not served [BPL-02]", async (t) => {
  const host = await startHost(t, { decide: (_hello, nth) => welcome(nth === 1 ? { contractVersion: 7 } : {}) });
  const { events } = await bind(t, { to: host.to });
  const [first] = events;
  assert.ok(first?.type === "unreachable" && /version 7 of the contract/.test(String(first.cause)));
});

test("a listener that throws changes nothing [BPL-15]", async (t) => {
  const host = await startHost(t);
  const { bound } = await bind(t, {
    to: host.to,
    onEvent: () => {
      throw new Error("mine");
    },
  });
  assert.equal(bound.state, "bound");
  const link = await host.link(1);
  await eventually(() => link.logs.some(({ message }) => message === "onEvent failed"));
});
