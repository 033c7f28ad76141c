/** Milliseconds, with fractions, of a clock that never goes back. `performance` would load its module for it, for 0.7 ms of a plugin's start. */
export function steadyMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
