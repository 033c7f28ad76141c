/** What is watched besides the turns. */
export interface PulseOptions {
  /** Bytes outside the heap that are too many; undefined: they are not counted. */
  readonly maxExternalBytes?: number | undefined;
  /** Called once, with how many there were. */
  readonly onExceeded: (externalBytes: number) => void;
}

/** How often memory is looked at, at most, in milliseconds: it takes 5 µs. */
const sampleMs = 20;

/**
 * Notes in shared memory, at each turn of this thread's event loop, when that was: milliseconds of `process.hrtime`, which all threads
 * have in common, in 32 bits. Another thread can so tell since when this one has not turned. It keeps nothing running, and a
 * thread that rests does nothing for it.
 */
export function startPulse(memory: SharedArrayBuffer, { maxExternalBytes, onExceeded }: PulseOptions): void {
  const cells = new Int32Array(memory);
  const [seconds, nanoseconds] = process.hrtime();
  const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();
  let sampleAtMs = 0;
  let limitBytes = maxExternalBytes;
  const sample = (): void => {
    const { external_memory: bytes } = process.getBuiltinModule("node:v8").getHeapStatistics();
    if (limitBytes === undefined || bytes <= limitBytes) return;
    limitBytes = undefined;
    onExceeded(bytes);
  };
  const turn = (): void => {
    const nowMs = performance.now();
    Atomics.store(cells, 0, (nowMs + offsetMs) | 0);
    if (limitBytes !== undefined && nowMs >= sampleAtMs) {
      sampleAtMs = nowMs + sampleMs;
      sample();
    }
    // Without a reference it waits for a turn that comes anyway.
    setImmediate(turn).unref();
  };
  turn();
}
