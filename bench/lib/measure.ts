/** How long and how wide to measure. */
export interface Order {
  /** Calls in flight at any moment: each caller makes one call after the other. */
  readonly callers: number;
  /** Time to measure for, in seconds. */
  readonly seconds: number;
}

/** What one measurement gave. */
export interface Measurement {
  readonly calls: number;
  /** Time it really took, in seconds. */
  readonly seconds: number;
  /** Median and 99th percentile of the time of one call, in microseconds. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Times of so many calls a second are kept; where there are more, the last ones count. */
const maxSamplesPerSecond = 1_500_000;

/**
 * Lets every caller make one call after the other until the time is over, one in any case. The loop is the same for every pair whose
 * client is written in TypeScript; `rivals/go/measure` has its twin in Go. Rejects with the first failed call.
 */
export async function measure(call: () => Promise<unknown>, { callers, seconds }: Order): Promise<Measurement> {
  const samples = new Float64Array(Math.ceil(seconds * maxSamplesPerSecond) + callers);
  let calls = 0;
  const start = performance.now();
  const end = start + seconds * 1000;

  async function caller(): Promise<void> {
    let before = performance.now();
    do {
      await call();
      const after = performance.now();
      samples[calls % samples.length] = after - before;
      calls += 1;
      before = after;
    } while (before < end);
  }

  await Promise.all(Array.from({ length: callers }, caller));
  const elapsed = (performance.now() - start) / 1000;
  const sorted = samples.subarray(0, calls).sort();
  const quantileUs = (q: number) => sorted[Math.floor(q * (sorted.length - 1))]! * 1000;
  return { calls, seconds: elapsed, p50Us: quantileUs(0.5), p99Us: quantileUs(0.99) };
}
