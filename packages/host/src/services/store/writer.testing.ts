import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createStore } from "./create-store.js";

export const keyCount = 8;
/** Follows each number. */
export const padding = "x".repeat(20_000);

/** Writes 1, 2, 3… over the keys in turn, several at a time, for ever, and prints each number when its write was answered. */
async function writeForEver(directory: string): Promise<never> {
  const service = createStore({ directory }).for({ name: "kv", instance: "1" });
  for (let number = 1; ; ) {
    const writes: Promise<void>[] = [];
    for (const until = number + keyCount; number < until; number++) {
      const mine = number;
      const value = Buffer.from(`${mine}${padding}`);
      const writing = service.put({ key: `k${mine % keyCount}`, value } as never, {} as never) as Promise<unknown>;
      writes.push(writing.then(() => void writeSync(1, `${mine}\n`)));
      // So that writes come during others.
      if (mine % 3 === 0) await new Promise(setImmediate);
    }
    await Promise.all(writes);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeForEver(process.argv[2]!);
