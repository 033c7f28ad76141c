import { randomBytes } from "node:crypto";
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Session } from "@tenon/host";
import { admitAnyone, type ListenOptions } from "@tenon/host/bind";
import { createLogger, implement } from "@tenon/plugin";
import { bindPlugin, type BindOptions } from "@tenon/plugin/bind";
import { eventually } from "@tenon/testkit";

/** A host that listens, until the end of the test. */
export async function listen(t: TestContext, options: Partial<ListenOptions>) {
  const host = createHost();
  t.after(() => host.stop());
  const listener = await host.listen({ admit: admitAnyone(), contracts: [kv], log: () => {}, ...options });
  return {
    listener,
    /** A client of the plugin, when it is there. */
    client: async () => {
      const find = () => listener.session("kv") as Session<typeof kv.versions> | undefined;
      return (await eventually(find, { timeoutMs: 10_000, what: "the session" })).client("kv");
    },
  };
}

/** A plugin that keeps values, bound until the end of the test. */
export async function bind(t: TestContext, options: BindOptions) {
  const values = new Map<string, Uint8Array>();
  const plugin = implement(kv, {
    kv: {
      get: ({ key }) => ({ value: values.get(key) ?? new Uint8Array() }),
      put({ key, value }) {
        values.set(key, value);
        return {};
      },
    },
  });
  const logger = createLogger({ name: "kv", write: () => {} });
  const bound = await bindPlugin(plugin, { minBackoffMs: 10, maxBackoffMs: 100, logger, ...options });
  t.after(() => bound.destroy());
  return bound;
}

/** Values of every size come back as they were, one after the other and at once. */
export async function putAndGet(
  client: Awaited<ReturnType<Awaited<ReturnType<typeof listen>>["client"]>>,
): Promise<void> {
  const values = [0, 1, 125, 126, 65_535, 65_536, 3 * 1024 * 1024].map((bytes) => randomBytes(bytes));
  for (const [key, value] of values.entries()) await client.put({ key: String(key), value });
  const got = await Promise.all(values.map((_, key) => client.get({ key: String(key) })));
  for (const [key, value] of values.entries()) assert.equal(Buffer.compare(value, got[key]!.value), 0, `value ${key}`);
}
