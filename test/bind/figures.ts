/** Median and worst of some milliseconds, for people. */
export function figuresOf(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `${Math.round(sorted[sorted.length >> 1]!)} ms (median), ${Math.round(sorted.at(-1)!)} ms (worst) of ${times.length}`;
}
