// The floor of a plugin in a worker thread: a message there and a message back for each call, as Node copies them.
import { Worker } from "node:worker_threads";
import { serveOrders } from "../../lib/client-loop.js";
import type { Answer, Question } from "./messages.js";

const worker = new Worker(new URL("worker.js", import.meta.url));
const waiting = new Map<number, (answer: Answer) => void>();
let nextId = 0;

worker.on("message", (answer: Answer) => {
  waiting.get(answer.id)?.(answer);
  waiting.delete(answer.id);
});

function ask(key: string, value?: Uint8Array): Promise<Answer> {
  return new Promise((resolve) => {
    const id = nextId++;
    waiting.set(id, resolve);
    worker.postMessage({ id, key, value } satisfies Question);
  });
}

await serveOrders({
  get: async (key) => {
    const { value } = await ask(key);
    if (value === undefined) throw new Error(`no value for ${key}`);
    return { value };
  },
  put: ask,
});
await worker.terminate();
