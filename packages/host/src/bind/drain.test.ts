import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import { maybeExecuted } from "../session/maybe-executed.js";
import { listen } from "./listener.testing.js";
import { storeOf } from "./raw-plugin.testing.js";

/** A plugin with one call in flight, which ends when it is let go. */
async function busyPlugin(t: TestContext) {
  const bound = await listen(t);
  let letGo = (): void => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const plugin = await bound.dialIn({
    store: {
      async get() {
        await gate;
        return { entry: { key: "k" } };
      },
    },
  });
  plugin.hello();
  const { session } = await bound.event("ready");
  const client = storeOf(session);
  const call = client.get({ key: "k" });
  await eventually(() => bound.listener.plugins()[0]?.inFlight === 1);
  const isDrained = () => plugin.came.some((frame) => frame.case === "drained");
  return { ...bound, plugin, client, call, letGo, isDrained };
}

describe("a plugin that drains", () => {
  test("learns from Drained that its last call has ended, and gets no new one [BIND-30]", async (t) => {
    const { listener, plugin, client, call, letGo, isDrained } = await busyPlugin(t);
    const gone = listener.drain("kv/kv-1", { reason: "upgrade" });
    await plugin.got("drain");
    await assert.rejects(client.get({ key: "k" }), (error) => {
      assert.match((error as ConnectError).message, /was not sent.*upgrade/);
      return ConnectError.from(error).code === Code.Unavailable && !maybeExecuted(error);
    });
    assert.ok(!isDrained());
    letGo();
    assert.equal((await call).entry?.key, "k");
    await plugin.got("drained");
    plugin.send({ case: "goodbye", value: { reason: "done" } });
    assert.equal(await gone, true);
  });

  test("may ask for it itself, and is cut off after its time [BIND-31]", async (t) => {
    const { event, listener, plugin, call, letGo, isDrained } = await busyPlugin(t);
    plugin.send({ case: "drain", value: { timeoutMs: 60_000, reason: "a new version comes" } });
    assert.equal((await event("draining")).reason, "a new version comes");
    assert.equal(listener.session("kv"), undefined);
    assert.ok(!isDrained());
    letGo();
    await call;
    await plugin.got("drained");
    plugin.send({ case: "drain", value: { timeoutMs: 1, reason: "" } });
    assert.match((await event("unmounted")).reason, /not finished in time/);
  });

  test("without a call in flight is told at once [BIND-30]", async (t) => {
    const { dialIn, event } = await listen(t, { heartbeatMs: 60_000 });
    const plugin = await dialIn();
    plugin.hello();
    await event("ready");
    plugin.send({ case: "drain", value: { timeoutMs: 60_000, reason: "" } });
    await plugin.got("drained");
  });
});
