import { readFile, writeFile } from "node:fs/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** Each value is a file in the working directory, as in go-plugin's own example. */
const fileOf = (key: string) => `kv_${encodeURIComponent(key)}`;

/** Reads the value of a key. Fails with `NotFound` where there is none. */
export async function readValue(key: string): Promise<Uint8Array> {
  try {
    return await readFile(fileOf(key));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === "ENOENT" ? Code.NotFound : Code.Unknown;
    const why = code === Code.NotFound ? `no value for ${key}` : (error as Error).message;
    throw new ConnectError(why, code, undefined, undefined, error);
  }
}

/** Replaces the value of a key. */
export async function writeValue(key: string, value: Uint8Array): Promise<void> {
  await writeFile(fileOf(key), value);
}
