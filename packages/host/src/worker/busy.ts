import type { Worker } from "node:worker_threads";
import { hostProcess } from "../launch/host-process.js";

/**
 * Since when the event loop of a thread has not turned, looked at from outside: by its counter of idle time, which grows while it rests,
 * and by the time that it notes at each turn. Undefined while it rests. Not to be asked after its end, which looks like work.
 */
export function readBusy(
  worker: Worker,
  pulse: SharedArrayBuffer,
  startedMs: number,
): { readonly busyMs: number } | undefined {
  const { idle } = worker.performance.eventLoopUtilization();
  if (worker.performance.eventLoopUtilization().idle > idle) return undefined;
  const nowMs = performance.now();
  const turnedAt = Atomics.load(new Int32Array(pulse), 0);
  if (turnedAt === 0) return { busyMs: nowMs - startedMs };
  return { busyMs: Math.max(0, ((hostProcess.monotonicMs() | 0) - turnedAt) | 0) };
}
