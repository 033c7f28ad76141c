import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { eventually } from "@tenon/testkit";
import { listen } from "./listener.testing.js";
import { storeOf } from "./raw-plugin.testing.js";

const value = new Uint8Array([1, 2, 3]);
const implementation = { get: () => ({ entry: { key: "k", value, version: 1n } }) };

describe("the life of a link", () => {
  test("a newer epoch evicts the older, an older one is refused [BIND-05]", async (t) => {
    const { dialIn, event, kinds, listener } = await listen(t);
    const first = await dialIn();
    first.hello({ epoch: 5n });
    await first.got("welcome");
    const second = await dialIn();
    second.hello({ epoch: 6n });
    await second.got("welcome");
    const goodbye = await first.got("goodbye");
    assert.equal(goodbye.mayReturn, false);
    await event("resumed");
    const third = await dialIn();
    third.hello({ epoch: 6n });
    assert.equal((await third.got("reject")).code, "epoch-stale");
    assert.equal(listener.plugins().length, 1);
    assert.equal(listener.plugins()[0]?.epoch, 6);
    assert.deepEqual(
      kinds()
        .filter((kind) => kind !== "ready")
        .slice(0, 3),
      ["mounted", "lost", "resumed"],
    );
  });

  test("a link that breaks fails its calls at once, and its instance may come back [BIND-26]", async (t) => {
    const { dialIn, event, listener } = await listen(t);
    const plugin = await dialIn({ store: { get: () => new Promise(() => {}) } });
    plugin.hello();
    const session = (await event("ready")).session;
    const call = storeOf(session).get({ key: "k" });
    await eventually(() => listener.plugins()[0]?.inFlight === 1);
    plugin.socket.destroy();
    await assert.rejects(call, (error) => {
      assert.equal(ConnectError.from(error).code, Code.Unavailable);
      return isTenonError((error as ConnectError).cause, "plugin-exited");
    });
    assert.match((await event("lost")).reason, /link broke/);
    assert.equal(listener.plugins()[0]?.state, "lost");
    const again = await dialIn({ store: implementation });
    again.hello({ epoch: 2n });
    await event("resumed");
    await eventually(() => listener.session("kv"));
  });

  test("one that closes its channel is about to leave: its goodbye is waited for, but not for ever [BIND-23]", async (t) => {
    const { dialIn, event, events, kinds, listener } = await listen(t);
    const leaving = async (instance: string) => {
      const plugin = await dialIn();
      plugin.hello({ instance });
      await event("ready", events.length);
      const from = events.length;
      void plugin.server.close();
      await event("draining", from);
      assert.equal(listener.session(`kv/${instance}`), undefined);
      return plugin;
    };
    const polite = await leaving("kv-1");
    polite.send({ case: "goodbye", value: { reason: "asked to end" } });
    polite.link.close();
    assert.equal((await event("unmounted")).reason, "asked to end");
    assert.deepEqual(kinds(), ["mounted", "ready", "draining", "unmounted"]);

    const silent = await leaving("kv-2");
    silent.link.close();
    assert.match((await event("lost")).reason, /without a goodbye/);
    const stubborn = await leaving("kv-3");
    assert.equal((await stubborn.got("goodbye")).mayReturn, true);
    assert.equal((await event("lost", events.findIndex(({ kind }) => kind === "lost") + 1)).instance, "kv-3");
  });

  test("one that is lost makes room for one that is here [BIND-26]", async (t) => {
    const { dialIn, event, events, listener } = await listen(t, { maxPlugins: 1 });
    const first = await dialIn();
    first.hello();
    await event("ready");
    const early = await dialIn();
    early.hello({ instance: "kv-2" });
    assert.equal((await early.got("reject")).code, "host-busy");
    assert.match((await event("rejected")).remote, /^127\.0\.0\.1:\d+$/);
    first.socket.destroy();
    await event("lost");
    const second = await dialIn();
    second.hello({ instance: "kv-2" });
    await second.got("welcome");
    assert.equal((await event("unmounted")).instance, "kv-1");
    await event(
      "ready",
      events.findIndex(({ kind }) => kind === "unmounted"),
    );
    assert.equal(listener.plugins().length, 1);
  });

  test("one that does not come back is unmounted", async (t) => {
    const { dialIn, event, listener } = await listen(t, { resumeWindowMs: 50 });
    const plugin = await dialIn();
    plugin.hello();
    await event("ready");
    plugin.socket.destroy();
    await event("unmounted");
    assert.deepEqual(listener.plugins(), []);
  });

  test("a silent one is suspect, then lost; a suspect one that speaks is resumed [BIND-19]", async (t) => {
    const { dialIn, event, kinds } = await listen(t, { heartbeatMs: 60, suspectAfterMs: 90, deadAfterMs: 400 });
    const plugin = await dialIn();
    plugin.hello();
    await event("ready");
    plugin.fallSilent();
    await event("suspect");
    plugin.send({ case: "beat", value: { id: 1n, busyMs: 80 } });
    assert.match((await event("resumed")).reason, /busy for 80 ms/);
    const { reason } = await event("lost");
    assert.match(reason, /nothing came from it/);
    assert.equal((await plugin.got("goodbye")).mayReturn, true);
    assert.equal(kinds().filter((kind) => kind === "suspect").length, 2);
  });

  test("drain hands out no session of it, waits for its goodbye, and cuts it off after its time [BIND-24]", async (t) => {
    const { dialIn, event, listener } = await listen(t);
    const plugin = await dialIn();
    plugin.hello();
    await event("ready");
    const drained = listener.drain("kv/kv-1", { reason: "upgrade" });
    const drain = await plugin.got("drain");
    assert.deepEqual([drain.reason, drain.timeoutMs], ["upgrade", 10_000]);
    assert.equal(listener.session("kv"), undefined);
    assert.equal(listener.plugins()[0]?.state, "draining");
    plugin.send({ case: "goodbye", value: { reason: "done" } });
    assert.equal(await drained, true);
    assert.equal(await listener.drain("kv/kv-1"), false);

    const stubborn = await dialIn();
    stubborn.hello({ instance: "kv-2" });
    await eventually(() => listener.session("kv"));
    assert.equal(await listener.drain("kv/kv-2", { timeoutMs: 50 }), true);
    assert.equal((await stubborn.got("goodbye")).reason, "it had not finished in time");
  });

  test("one that is kicked is told why and may not come back [BIND-25]", async (t) => {
    const { dialIn, event, listener } = await listen(t);
    const plugin = await dialIn();
    plugin.hello();
    const { session } = await event("ready");
    assert.equal(listener.kick("kv/kv-1", "misbehaved"), true);
    const { reason, mayReturn } = await plugin.got("goodbye");
    assert.deepEqual([reason, mayReturn], ["misbehaved", false]);
    assert.equal((await event("unmounted")).reason, "misbehaved");
    await session?.closed;
    const again = await dialIn();
    again.hello({ epoch: 2n });
    assert.equal((await again.got("reject")).code, "kicked");
    assert.equal(listener.kick("nobody/1", "x"), false);
  });

  test("when the host ends, every plugin may come back to the next one", async (t) => {
    const { dialIn, event, host } = await listen(t);
    const plugin = await dialIn();
    plugin.hello();
    await event("ready");
    const stopped = host.stop();
    assert.equal((await plugin.got("goodbye")).mayReturn, true);
    await plugin.leave();
    await stopped;
    assert.equal((await event("unmounted")).reason, "the host ends");
  });
});
