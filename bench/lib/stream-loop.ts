import type { LoadReady, StreamAnswer, StreamOrder } from "./load-orders.js";
import { answerOrders } from "./orders.js";

/** Reads a stream of messages to its end; gives the sum of the lengths of their values. */
export async function bytesOf(messages: AsyncIterable<{ readonly value: Uint8Array }>): Promise<number> {
  let bytes = 0;
  for await (const { value } of messages) bytes += value.length;
  return bytes;
}

/** Times a function that reads a whole stream and gives its bytes. Rejects when there are more or less than ordered. */
export async function timeStream(
  { valueBytes, count }: StreamOrder,
  read: (value: Uint8Array<ArrayBuffer>, count: number) => Promise<number>,
): Promise<StreamAnswer> {
  const value = new Uint8Array(valueBytes).fill(7);
  const start = performance.now();
  const bytes = await read(value, count);
  const seconds = (performance.now() - start) / 1000;
  if (bytes !== valueBytes * count) throw new Error(`${bytes} bytes came instead of ${valueBytes * count}`);
  return { messages: count, bytes, seconds };
}

/** The life of a client that only reads streams. */
export async function serveStreams(
  ready: LoadReady,
  read: (value: Uint8Array<ArrayBuffer>, count: number) => Promise<number>,
): Promise<void> {
  await answerOrders(ready, (order) => timeStream(order as StreamOrder, read));
}
