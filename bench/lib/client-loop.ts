import { createInterface } from "node:readline";
import { measure, type Order } from "./measure.js";

/** What a client under measurement is able to do. */
export interface KvClient {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ readonly value: Uint8Array }>;
}

/** Size of the value that every call of the group brings back, in bytes. */
export const payloadBytes = 64;

const key = "key";

/**
 * The life of every client process: stores one value, checks that it comes back, says that it is ready, and then
 * answers each order (one line of JSON on stdin) with one measurement (one line of JSON on stdout) until stdin ends.
 */
export async function serveOrders(client: KvClient): Promise<void> {
  const value = new Uint8Array(payloadBytes).fill(7);
  await client.put(key, value);
  const back = await client.get(key);
  if (Buffer.compare(value, back.value) !== 0) throw new Error("the server did not give back what was stored");
  await serveCalls(() => client.get(key));
}

/** As {@link serveOrders}, for a client that is a single call. */
export async function serveCalls(call: () => Promise<unknown>): Promise<void> {
  console.log(JSON.stringify({ ready: true }));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await measure(call, JSON.parse(line) as Order)));
  }
}
