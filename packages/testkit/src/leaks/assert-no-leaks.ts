import { setTimeout as sleep } from "node:timers/promises";
import { describeLeaks, type ResourceSnapshot, snapshotResources } from "./snapshot.js";

/** Settings of {@link assertNoLeaks}. */
export interface AssertNoLeaksOptions {
  /** How long leftovers may take to go, in milliseconds. Default 2000. */
  readonly graceMs?: number;
  /** Kinds left out of the comparison, as in the report: "active resource", "process", … Default none. */
  readonly ignoredKinds?: readonly string[];
}

/**
 * Resolves once nothing exists that `before` did not have. Rejects with an `Error` that lists every leftover, one a
 * line, when some are still there after `graceMs`.
 */
export async function assertNoLeaks(before: ResourceSnapshot, options: AssertNoLeaksOptions = {}): Promise<void> {
  const { graceMs = 2000, ignoredKinds = [] } = options;
  const endsAt = performance.now() + graceMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const leaks = describeLeaks(before, snapshotResources(before.options)).filter(
      (line) => !ignoredKinds.some((kind) => line.startsWith(`${kind}:`)),
    );
    if (leaks.length === 0) return;
    if (performance.now() >= endsAt) {
      throw new Error(`left behind after ${graceMs} ms:\n  ${leaks.join("\n  ")}`);
    }
    await sleep(pauseMs);
  }
}
