import { createInterface } from "node:readline";

/**
 * The life of every client process: says that it is ready, and then answers each order (one line of JSON on stdin) with
 * one line of JSON on stdout until stdin ends. `rivals/go/measure` has its twin in Go.
 */
export async function answerOrders(ready: object, answer: (order: unknown) => Promise<object>): Promise<void> {
  console.log(JSON.stringify(ready));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
}
