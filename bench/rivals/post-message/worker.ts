// The thread of this rival: keeps values and sends them back.
import { parentPort } from "node:worker_threads";
import type { Answer, Question } from "./messages.js";

const values = new Map<string, Uint8Array>();

parentPort!.on("message", ({ id, key, value }: Question) => {
  if (value !== undefined) values.set(key, value);
  parentPort!.postMessage({ id, value: values.get(key) } satisfies Answer);
});
