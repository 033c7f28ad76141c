import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { defineContract } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel, createClient } from "@tenon/wire";
import { hostServicesKey } from "@tenon/wire/broker";
import { createServer } from "@tenon/wire/server";
import { cookie, echo, KV, KV2 } from "../kv.testing.js";
import { hostServices } from "./host-services.js";

const contract = defineContract({
  name: "kv",
  cookie,
  versions: { 1: { kv: KV } },
  hostServices: { store: KV, more: KV2 },
});

/** A host that serves what `served` says, and a plugin's handler that does `act`. */
function connect(t: TestContext, act: (context: HandlerContext) => Promise<unknown>, served = echo) {
  const [hostEnd, pluginEnd] = createDuplexPair();
  const [callEnd, handlerEnd] = createDuplexPair();
  const host = createServer().add(KV, served);
  host.accept(pluginEnd);
  const toHost = createChannel(hostEnd);
  const plugin = createServer().add(KV, {
    async get(_, context) {
      await act(context);
      return {};
    },
  });
  let asked = 0;
  plugin.accept(handlerEnd, {
    contextValues: (values) => {
      values.set(hostServicesKey, async () => {
        asked++;
        return toHost.transport;
      });
    },
  });
  const channel = createChannel(callEnd);
  t.after(() => {
    for (const each of [channel, toHost]) each.destroy();
    for (const each of [host, plugin]) each.destroy();
  });
  return { call: createClient(KV, channel.transport), asked: () => asked };
}

test("gives a client of each declared service, the same one within a call, and connects for none of them", async (t) => {
  const { call, asked } = connect(t, async (context) => {
    const services = hostServices(contract, context);
    assert.deepEqual(Object.keys(services), ["store", "more"]);
    assert.equal(services.store, services.store);
    assert.notEqual(services.store, services.more);
    assert.equal(asked(), 0);
    assert.equal((await services.store.get({ key: "k" })).key, "k");
    const keys: string[] = [];
    for await (const { key } of services.store.watch({ key: "w" })) keys.push(key);
    assert.deepEqual(keys, ["w"]);
    // @ts-expect-error Nothing of this name is declared.
    assert.equal(services.other, undefined);
  });
  await call.get({});
});

test("of a contract that declares none there are none", async (t) => {
  const none = defineContract({ name: "kv", cookie, versions: { 1: { kv: KV } } });
  const { call, asked } = connect(t, async (context) => assert.deepEqual(hostServices(none, context), {}));
  await call.get({});
  assert.equal(asked(), 0);
});

test("errors of the host come as they are, and what it does not serve as such", async (t) => {
  const { call } = connect(t, (context) => hostServices(contract, context).more.get({}));
  await assert.rejects(call.get({}), { code: Code.Unimplemented });
});

test("in the background neither deadline nor signal of the call counts [CTX-01] [CTX-02]", async (t) => {
  const seen: (number | undefined)[] = [];
  const served = {
    ...echo,
    get: (pair: Parameters<typeof echo.get>[0], context?: HandlerContext) => {
      seen.push(context?.timeoutMs());
      return pair;
    },
  };
  const { call } = connect(
    t,
    async (context) => {
      await hostServices(contract, context).store.get({});
      await hostServices(contract, context, { background: true }).store.get({});
    },
    served,
  );
  await call.get({}, { timeoutMs: 10_000 });
  assert.ok(seen[0]! <= 10_000);
  assert.equal(seen[1], undefined);
});
