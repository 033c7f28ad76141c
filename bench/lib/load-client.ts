import type { Client } from "@connectrpc/connect";
import type { Load } from "../gen/load_pb.js";
import {
  bulk,
  type CallsOrder,
  type LoadOrder,
  type LoadReady,
  type Memory,
  type MemoryAnswer,
} from "./load-orders.js";
import { measure, type Measurement } from "./measure.js";
import { readMemory } from "./memory.js";
import { answerOrders } from "./orders.js";
import { bytesOf, timeStream } from "./stream-loop.js";

/** A client of the service under load. */
export type LoadClient = Client<typeof Load>;

const smallValue = new Uint8Array(64).fill(7);

/** The life of a client that carries out every order. `connect` opens one more connection. */
export async function serveLoad(
  ready: LoadReady,
  client: LoadClient,
  connect?: () => Promise<LoadClient>,
): Promise<void> {
  const held: unknown[] = [];
  await answerOrders(ready, async (asked) => {
    const order = asked as LoadOrder;
    switch (order.task) {
      case "stream":
        return await timeStream(order, (value, count) => repeat(client, value, count));
      case "calls":
        return await makeCalls(client, order);
      case "hold":
        for (let i = 0; i < order.streams; i++) held.push(await openStream(client));
        return {};
      case "connect":
        for (let i = 0; i < order.connections; i++) held.push(await openConnection(connect!));
        return {};
      case "memory":
        return await readBothMemories(client);
      default:
        throw new Error(`unknown order ${JSON.stringify(asked)}`);
    }
  });
}

async function openStream(client: LoadClient): Promise<unknown> {
  const answers = client.hold({ value: smallValue })[Symbol.asyncIterator]();
  await answers.next();
  return answers;
}

async function openConnection(connect: () => Promise<LoadClient>): Promise<unknown> {
  const another = await connect();
  await another.echo({ value: smallValue });
  return another;
}

async function readBothMemories(client: LoadClient): Promise<MemoryAnswer> {
  const server = JSON.parse((await client.memory({})).value) as Memory;
  return { client: await readMemory(), server };
}

async function repeat(
  client: LoadClient,
  value: Uint8Array<ArrayBuffer>,
  count: number,
  signal?: AbortSignal,
): Promise<number> {
  return await bytesOf(
    client.repeat({ value }, { headers: { count: String(count) }, ...(signal === undefined ? {} : { signal }) }),
  );
}

async function makeCalls(client: LoadClient, order: CallsOrder): Promise<Measurement> {
  const value = new Uint8Array(order.valueBytes).fill(7);
  const call = order.headers === undefined ? () => client.echo({ value }) : withHeaders(client, value, order.headers);
  if (order.besideBulk !== true) return await measure(call, order);

  const abort = new AbortController();
  const { signal } = abort;
  const reading = (async () => {
    const value = new Uint8Array(bulk.valueBytes).fill(7);
    while (!signal.aborted) await repeat(client, value, bulk.count, signal);
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const [measured] = await Promise.all([measure(call, order).finally(() => abort.abort()), reading]);
  return measured;
}

function withHeaders(client: LoadClient, value: Uint8Array<ArrayBuffer>, count: number): () => Promise<unknown> {
  const name = (i: number) => `x-bench-header-${String(i).padStart(2, "0")}`;
  const same = Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), String(i % 10).repeat(32)]));
  let made = 0;
  return () => client.echo({ value }, { headers: { ...same, [name(0)]: String(++made).padStart(32, "0") } });
}
