import type { TestContext } from "node:test";
import { eventually } from "@tenon/testkit";
import { createHost } from "../host.js";
import type { LogRecord } from "../logs/record.js";
import { admitAnyone } from "./admit.js";
import type { BindEvent, BindEventKind } from "./events.js";
import type { ListenOptions } from "./options.js";
import { dialIn, type RawPlugin, store } from "./raw-plugin.testing.js";

/** A host that listens, until the end of the test. */
export async function listen(t: Pick<TestContext, "after">, options: Partial<ListenOptions> = {}) {
  const records: LogRecord[] = [];
  const events: BindEvent[] = [];
  const host = createHost({ name: "tester", log: (record) => records.push(record) });
  const plugins: RawPlugin[] = [];
  t.after(async () => {
    await Promise.all(plugins.map((plugin) => plugin.leave()));
    await host.stop();
  });
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [store],
    heartbeatMs: 200,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    host,
    listener,
    records,
    events,
    kinds: () => events.map(({ kind }) => kind),
    /** The first event of a kind, from the given one on. */
    event: (kind: BindEventKind, from = 0) => eventually(() => events.slice(from).find((event) => event.kind === kind)),
    dialIn: async ({
      address = listener.address,
      ...given
    }: Parameters<typeof dialIn>[1] & { address?: string } = {}) => {
      const plugin = await dialIn(address, given);
      plugins.push(plugin);
      return plugin;
    },
  };
}
