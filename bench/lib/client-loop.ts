import { measure, type Order } from "./measure.js";
import { answerOrders } from "./orders.js";

/** What a client under measurement is able to do. */
export interface KvClient {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ readonly value: Uint8Array }>;
}

/** Size of the value that every call of the group brings back, in bytes. */
export const payloadBytes = 64;

const key = "key";

/** The life of a client of the group `calls`: stores one value, checks that it comes back, and gets it when ordered to. */
export async function serveOrders(client: KvClient): Promise<void> {
  const value = new Uint8Array(payloadBytes).fill(7);
  await client.put(key, value);
  const back = await client.get(key);
  if (Buffer.compare(value, back.value) !== 0) throw new Error("the server did not give back what was stored");
  await serveCalls(() => client.get(key));
}

/** As {@link serveOrders}, for a client that is a single call. */
export async function serveCalls(call: () => Promise<unknown>): Promise<void> {
  await answerOrders({ ready: true }, (order) => measure(call, order as Order));
}
