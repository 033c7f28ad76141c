import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createTokens, type ListenOptions, requireToken } from "@tenon/host/bind";
import { eventually, openFaultProxy } from "@tenon/testkit";
import { startBound } from "./bound-process.js";
import type { BoundPeer } from "./peers.js";
import { folderFor, hello, listen, ready } from "./tenon-host.js";

/** How a plugin on one of the SDKs comes back to a Tenon host, and how it leaves. */
export function boundReturnSuite(name: string, peer: BoundPeer): void {
  void describe(`${name} comes back to a Tenon host, and leaves`, {
    skip: peer.missing ?? false,
    timeout: 120_000,
  }, () => {
    const runnable = peer as Extract<BoundPeer, { command: unknown }>;

    /** A plugin with a token that is good for once, behind a proxy that can cut it off. */
    const bindThroughProxy = async (t: TestContext, options: Partial<ListenOptions> = {}) => {
      const tokens = createTokens();
      const { token } = tokens.issue({ plugin: name, singleUse: true });
      const host = await listen(t, { admit: requireToken(tokens), ...options });
      const proxy = await openFaultProxy({ target: host.listener.address });
      t.after(() => proxy.close());
      startBound(t, runnable, proxy.address, { TOKEN: token });
      return { ...host, proxy, ...(await ready(host.listener, name)) };
    };

    void test("is back after a reset, with a newer epoch, the next token and every record", async (t) => {
      const { listener, kinds, records, proxy, bound, client } = await bindThroughProxy(t);
      const call = client.unary(hello, { headers: { "x-log": "before", "x-delay-ms": "60000" } });
      await eventually(() => records.some(({ message }) => message === "before"));
      proxy.cut("reset");
      const reason: unknown = await call.catch((error: unknown) => error);
      assert.equal(ConnectError.from(reason).code, Code.Unavailable);
      const again = await ready(listener, name, bound.epoch);
      assert.equal(again.bound.id, bound.id);
      await again.client.unary(hello, { headers: { "x-log": "after" } });
      await eventually(() => records.some(({ message }) => message === "after in detail"));
      // While there was no link it has logged that the call was cancelled.
      assert.equal(records.filter(({ message }) => message === "call was cancelled").length, 1);
      assert.equal(listener.plugins()[0]?.logs.missing, 0);
      assert.deepEqual(kinds(), ["mounted", "ready", "lost", "resumed", "ready"]);
    });

    void test("is back after the network fell silent", async (t) => {
      const { listener, proxy, bound } = await bindThroughProxy(t, { heartbeatMs: 300 });
      proxy.cut("half-open");
      const again = await ready(listener, name, bound.epoch);
      assert.equal((await again.client.unary(hello)).chunks.length, 1);
    });

    void test("is back at a host that was started anew at the same address, and has left it after SIGTERM", async (t) => {
      const { listener } = await listen(t);
      const { address } = listener;
      const { child, ended } = startBound(t, runnable, address);
      const { bound, session } = await ready(listener, name);
      await listener.close();
      const next = await listen(t, { address });
      const again = await ready(next.listener, name, bound.epoch);
      assert.equal(again.session.id, session.id);
      const late = again.client.unary(hello, { headers: { "x-delay-ms": "500" } });
      await again.client.unary(hello); // The other one has arrived.
      child.kill();
      assert.equal((await late).chunks.length, 1);
      const [code, , stderr] = await ended;
      assert.equal(code, 0, stderr);
      await eventually(() => next.listener.plugins().length === 0);
      // "draining" only where the host hears of the end of the channel before the goodbye.
      assert.deepEqual(
        next.kinds().filter((kind) => kind !== "draining"),
        ["mounted", "ready", "unmounted"],
      );
      assert.equal(next.events.at(-1)?.reason, "the plugin was asked to end");
    });

    void test("tries again where the host has no room yet", async (t) => {
      const { listener, events } = await listen(t, { maxPlugins: 1 });
      const first = startBound(t, runnable, listener.address);
      const { bound } = await ready(listener, name);
      startBound(t, runnable, listener.address);
      await eventually(() => events.some(({ code }) => code === "host-busy"));
      first.child.kill();
      await eventually(() => listener.plugins().some(({ id, state }) => id !== bound.id && state === "ready"));
    });

    void test("goes on behind the records of the process before it, of the same instance", async (t) => {
      const { listener, records } = await listen(t);
      for (const life of ["first", "second"]) {
        const { child, ended } = startBound(t, runnable, listener.address, {
          INSTANCE: "pod-0",
          TMPDIR: folderFor(t), // What a killed process leaves in it goes with the test.
        });
        const { client } = await ready(listener, name, listener.plugins()[0]?.epoch);
        await client.unary(hello, { headers: { "x-log": life } });
        await eventually(() => records.some(({ message }) => message === `${life} in detail`));
        child.kill("SIGKILL");
        await ended;
      }
      assert.deepEqual(
        records.flatMap(({ source, sequence }) => (source === "bind" && sequence ? [sequence] : [])),
        [1, 2, 3, 4],
      );
    });
  });
}
