import type { Client } from "@connectrpc/connect";
import type { KV } from "../gen/kv_pb.js";
import { type RepositoryFile, sha256 } from "./repository-files.js";

/** What storing and reading back all files gave. */
export interface StoreResult {
  readonly calls: number;
  /** A sentence for every call that failed and every file that came back changed. */
  readonly errors: readonly string[];
  readonly callsPerSecond: number;
  /** Median and 99th percentile of the time of one call, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How to store. */
export interface StoreOptions {
  /** What the plugin adds to the end of every value. */
  readonly suffix: string;
  readonly signal: AbortSignal;
  /** Told the number of files done, for a progress line. */
  readonly onProgress: (done: number) => void;
}

const maxInFlight = 16;
const callTimeoutMs = 30_000;

/** Puts every file, gets it back and compares it, with a few files in flight at a time. Rejects only when aborted. */
export async function storeFiles(
  store: Client<typeof KV>,
  files: readonly RepositoryFile[],
  { suffix, signal, onProgress }: StoreOptions,
): Promise<StoreResult> {
  const times: number[] = [];
  const errors: string[] = [];
  const ending = Buffer.from(suffix);
  const callOptions = { signal, timeoutMs: callTimeoutMs };

  async function timed<T>(call: Promise<T>): Promise<T> {
    const start = performance.now();
    return await call.finally(() => times.push(performance.now() - start));
  }

  async function storeOne({ path, content, sha256: expected }: RepositoryFile): Promise<void> {
    const key = sha256(path); // The Go plugin uses the key as a file name, which allows neither slashes nor any length.
    await timed(store.put({ key, value: content }, callOptions));
    const value = Buffer.from((await timed(store.get({ key }, callOptions))).value);
    const end = value.length - ending.length;
    if (!value.subarray(Math.max(end, 0)).equals(ending) || sha256(value.subarray(0, Math.max(end, 0))) !== expected) {
      throw new Error(`came back changed (${value.length} bytes)`);
    }
  }

  const queue = files.values();
  let done = 0;
  async function worker(): Promise<void> {
    for (const file of queue) {
      signal.throwIfAborted();
      await storeOne(file).catch((error: Error) => errors.push(`${file.path}: ${error.message}`));
      done += 1;
      onProgress(done);
    }
  }

  const start = performance.now();
  await Promise.all(Array.from({ length: maxInFlight }, worker));
  signal.throwIfAborted();
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.floor(q * (times.length - 1))] ?? 0;
  return {
    calls: times.length,
    errors,
    callsPerSecond: times.length / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}
