import { readFileSync, writeFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";

/** Each value is a file in the working directory, as in go-plugin's own example. */
const fileOf = (key: string) => `kv_${encodeURIComponent(key)}`;

// Synchronous on purpose: for files of a few kB the trip through the thread pool costs more than the work itself.

/** Reads the value of a key. Fails with `NotFound` where there is none. */
export function readValue(key: string): Uint8Array {
  try {
    return readFileSync(fileOf(key));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === "ENOENT" ? Code.NotFound : Code.Unknown;
    const why = code === Code.NotFound ? `no value for ${key}` : (error as Error).message;
    throw new ConnectError(why, code, undefined, undefined, error);
  }
}

/** Replaces the value of a key. Returns the answer to a put, which is empty. */
export function writeValue(key: string, value: Uint8Array): Record<string, never> {
  writeFileSync(fileOf(key), value);
  return {};
}
