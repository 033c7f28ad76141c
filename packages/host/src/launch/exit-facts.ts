/** How a process ended. Both are null where its end was seen but not how: the host had not started it. */
export interface ExitFacts {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What it ended with, where that is known: what a thread did not catch, or `memory-exceeded`. */
  readonly error?: Error;
}
