import assert from "node:assert/strict";
import { type BindEvent, createHost, type LogRecord } from "@tenon/host";
import { admitAnyone, type ListenOptions } from "@tenon/host/bind";
import { createLogger } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";
import { eventually } from "@tenon/testkit";
import { counted, createCountedPlugin } from "./counted.js";
import { clientOf, startLoad } from "./load.js";
import { dialRaw } from "./raw-plugin.js";

interface Test {
  after(end: () => Promise<void> | void): void;
}

/** A host that listens, and a plugin that is bound to it and called all the time while somebody else attacks. */
export async function listenWithNeighbor(t: Test, options: Partial<ListenOptions> = {}, token?: string) {
  const events: BindEvent[] = [];
  const records: LogRecord[] = [];
  const host = createHost();
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [counted],
    log: (record) => records.push(record),
    onEvent: (event) => events.push(event),
    ...options,
  });
  const service = createCountedPlugin();
  const logger = createLogger({ name: "neighbor", write: () => {} });
  const bound = await bindPlugin(service.plugin, {
    to: listener.address,
    name: "neighbor",
    instance: "n-1",
    logger,
    ...(token !== undefined && { token }),
  });
  const load = startLoad(() => clientOf(listener.session("neighbor")), { callers: 6, deadlineMs: 10_000 });
  t.after(async () => {
    await load.stop().catch(() => {});
    bound.destroy();
    await host.stop();
  });
  await eventually(() => load.report().answered > 6);
  return {
    listener,
    events,
    records,
    bound,
    /** Dials in as somebody who may send anything. */
    dial: () => dialRaw(t, listener.address),
    /** The first event of one of these kinds that somebody else has caused. */
    event: (...kinds: BindEvent["kind"][]) =>
      eventually(() => events.find(({ kind, plugin }) => kinds.includes(kind) && plugin !== "neighbor")),
    /** The neighbor is where it was, no call of it failed, and it still answers. */
    assertUnaffected: async () => {
      const { answered } = load.report();
      await eventually(() => load.report().answered > answered + 6, { what: "answers of the neighbor" });
      const { failed, wrong } = load.report();
      assert.deepEqual([failed, wrong, service.twice()], [{}, [], []]);
      // "rejected" is about a Hello, which can name anybody.
      const own = events.filter(({ id, kind }) => id === "neighbor/n-1" && kind !== "rejected");
      assert.deepEqual(
        own.map(({ kind }) => kind),
        ["mounted", "ready"],
      );
    },
  };
}
