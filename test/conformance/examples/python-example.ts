import { join } from "node:path";
import { cache, withLock } from "../peers/build-once.js";

/**
 * Runs something that starts go-plugin's example plugin in Python, and nobody else's at the same time: its port is fixed,
 * and shared by all that run, so that a host would reach any of them.
 */
export async function withPythonExample<T>(work: () => Promise<T>): Promise<T> {
  let result: T | undefined;
  await withLock(join(cache, "python-example.lock"), async () => {
    result = await work();
  });
  return result as T;
}
