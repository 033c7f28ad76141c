import assert from "node:assert/strict";
import { createClient } from "@connectrpc/connect";
import type { Session } from "@tenon/host";
import { AddHelper } from "../../gen/bidirectional/counter_pb.js";
import { addHelper, type counter } from "../../fixtures/counter.js";

/** A session with a plugin that serves Counter. */
export type CounterSession = Session<(typeof counter)["versions"]>;

/** Serves an AddHelper, has the plugin use it, and looks at the sum. The value must be new to the plugin. */
export async function callBack(session: CounterSession, key: string, more: bigint): Promise<void> {
  await using helper = await session.broker.serve((server) => void server.add(AddHelper, addHelper(more)));
  const client = session.client("counter");
  await client.put({ addServer: helper.id, key, value: 40n });
  assert.equal((await client.get({ key })).value, 40n + more);
}

/** Uses an AddHelper that the plugin serves. */
export async function callForth(session: CounterSession): Promise<void> {
  const client = session.client("counter");
  const { value } = await client.get({ key: "serve" });
  await using channel = await session.broker.dial(Number(value));
  assert.equal((await createClient(AddHelper, channel.transport).sum({ a: 19n, b: 23n })).r, 42n);
  await channel.close();
  await client.get({ key: `close:${value}` });
}
