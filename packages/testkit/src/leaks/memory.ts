import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects the garbage of this thread, and what its finalizers free. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
}

/** Bytes in use on the heap of this thread, and outside of it by what the heap refers to. */
export function usedHeapBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
