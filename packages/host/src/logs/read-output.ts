import type { Readable } from "node:stream";
import { createDeferred } from "../async/deferred.js";

/** Reads one output of a plugin to its end. */
export function readOutput(output: Readable, write: (chunk: Buffer) => void): { readonly ended: Promise<void> } {
  const { promise: ended, resolve } = createDeferred<void>();
  output.on("data", write);
  output.once("end", resolve);
  output.once("close", resolve);
  return { ended };
}
