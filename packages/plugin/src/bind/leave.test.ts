import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, withTimeout } from "@tenon/testkit";
import { createLogger } from "../log/logger.js";
import { startBinding } from "./binding.js";
import { bind, plugin, slowPlugin, startHost } from "./host.testing.js";
import { offerPlugin } from "./offer.js";
import { readDialInOptions } from "./options.js";

test("a host that drains it gets its calls answered, then a goodbye [BPL-07]", async (t) => {
  const { served, begun, letGo } = slowPlugin();
  const host = await startHost(t);
  const { bound, types } = await bind(t, { to: host.to }, served);
  const link = await host.link(1);
  const call = (await link.client()).get({ key: "a" });
  await eventually(() => begun() === 1);
  link.send({ case: "drain", value: { timeoutMs: 5000, reason: "an update" } });
  await eventually(() => bound.state === "draining");
  letGo();
  assert.equal((await call).key, "a");
  const reason = await bound.closed;
  assert.deepEqual(reason, { kind: "drained", reason: "an update", drained: true });
  await eventually(() => link.isOver);
  const last = link.frames.at(-1);
  assert.ok(last?.case === "goodbye" && last.value.reason === "an update" && !last.value.mayReturn);
  assert.deepEqual(types(), ["bound", "draining", "closed"]);
});

test("close() finishes calls and says goodbye with a reason; what it cannot finish is cut off [BPL-08]", async (t) => {
  const { served, aborted, begun, letGo } = slowPlugin();
  t.after(letGo);
  const host = await startHost(t);
  const { bound } = await bind(t, { to: host.to }, served);
  const link = await host.link(1);
  const call = (await link.client()).get({ key: "a" });
  call.catch(() => {});
  await eventually(() => begun() === 1);
  bound.logger.info("the last word");
  const reason = await bound.close({ drainTimeoutMs: 50, reason: "moving house" });
  assert.deepEqual(reason, { kind: "closed", reason: "moving house", drained: false });
  assert.equal(aborted.length, 1);
  await eventually(() => link.isOver);
  const last = link.frames.at(-1);
  assert.ok(last?.case === "goodbye" && last.value.reason === "moving house");
  assert.ok(link.logs.some(({ message }) => message === "the last word"));
  assert.equal(bound.state, "closed");
  assert.deepEqual(await bound.close(), reason);
});

test("a goodbye of the host is obeyed: back where it may return, the end where not [BPL-09]", async (t) => {
  const host = await startHost(t);
  const { bound, events } = await bind(t, { to: host.to });
  (await host.link(1)).end({ case: "goodbye", value: { reason: "restarting", mayReturn: true } });
  const second = await host.link(2);
  await eventually(() => bound.state === "bound");
  assert.ok(events.some((event) => event.type === "lost" && event.reason === "restarting"));
  second.end({ case: "goodbye", value: { reason: "kicked", mayReturn: false } });
  const reason = await bound.closed;
  assert.deepEqual([reason.kind, reason.reason], ["dismissed", "kicked"]);
  assert.equal(host.hellos.length, 2);
});

test("close() while there is no link ends the wait [BPL-08]", async (t) => {
  const host = await startHost(t);
  const { bound, types } = await bind(t, { to: host.to, minBackoffMs: 60_000, maxBackoffMs: 60_000 });
  await host.stop();
  await eventually(() => bound.state === "waiting");
  assert.equal(bound.link, undefined);
  assert.deepEqual(await withTimeout(bound.close(), 2000), {
    kind: "closed",
    reason: "the plugin was closed",
    drained: true,
  });
  assert.deepEqual(types(), ["bound", "lost", "draining", "closed"]);
});

test("an aborted signal ends the wait for a host, and later everything [BPL-14]", async (t) => {
  const stopping = new AbortController();
  const waiting = bind(t, { to: "127.0.0.1:1", signal: stopping.signal });
  stopping.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  const later = new AbortController();
  const host = await startHost(t);
  const { bound } = await bind(t, { to: host.to, signal: later.signal });
  later.abort();
  assert.equal((await bound.closed).kind, "aborted");
  await eventually(() => host.links[0]?.isOver);
});

test("the end of what is offered ends the wait for a host [BPL-22]", async () => {
  const gone = new AbortController();
  const logger = createLogger({ name: "kv", write: () => {} });
  const options = {
    to: "127.0.0.1:1",
    minBackoffMs: 60_000,
    maxBackoffMs: 60_000,
    onEvent: () => void setImmediate(() => gone.abort()),
  };
  const offer = { ...offerPlugin(plugin, options, logger), gone: gone.signal };
  const prepare = () => {
    if (gone.signal.aborted) throw new Error("it has ended");
    return offer;
  };
  const bound = startBinding({ options, settings: readDialInOptions(options, "kv"), logger, prepare });
  await assert.rejects(withTimeout(bound, 2000), /it has ended/);
});
