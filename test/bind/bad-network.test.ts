import assert from "node:assert/strict";
import { test } from "node:test";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Session } from "@tenon/host";
import { admitAnyone } from "@tenon/host/bind";
import { createLogger, implement } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";
import { eventually, openFaultProxy } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";

useSandbox();
const plugin = implement(kv, { kv: { get: ({ key }) => ({ value: Buffer.from(key) }), put: () => ({}) } });
const logger = createLogger({ name: "kv", write: () => {} });

test("what the guide shows of a bad network [BFT-01]", async (t) => {
  const host = createHost({ log: () => {} });
  const listener = await host.listen({ admit: admitAnyone(), contracts: [kv] });
  const session = () => listener.session("kv") as Session<typeof kv.versions> | undefined;
  const client = () => session()!.client("kv");

  const proxy = await openFaultProxy({ target: listener.address });
  const bound = await bindPlugin(plugin, { to: proxy.address, logger });
  t.after(async () => {
    bound.destroy();
    await proxy.close();
    await host.stop();
  });
  await eventually(() => session() !== undefined);

  proxy.shape({ delayMs: 20, sliceBytes: 1 });
  proxy.cut("reset", { afterBytes: 10 });
  void client()
    .put({ key: "a" })
    .catch(() => {});
  await eventually(() => session() === undefined);
  await eventually(() => session() !== undefined);
  const { value } = await client().get({ key: "hello" });
  assert.equal(Buffer.from(value).toString(), "hello");
});
