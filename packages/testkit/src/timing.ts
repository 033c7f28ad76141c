import { setTimeout as sleep } from "node:timers/promises";

/** How long and how often {@link eventually} looks. */
export interface EventuallyOptions {
  /** Gives up after this many milliseconds. Default 20,000: a busy machine takes seconds for what else takes none. */
  readonly timeoutMs?: number;
  /** Pause between two looks, in milliseconds. Default 20. */
  readonly intervalMs?: number;
  /** What is awaited, for the error message. Default "the condition". */
  readonly what?: string;
}

/**
 * Calls `probe` until it returns without throwing and its result is truthy, then resolves with that result.
 * Rejects after `timeoutMs` with an `Error` whose `cause` is what the last probe threw, if it threw.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 20_000, intervalMs = 20, what = "the condition" } = options;
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    let thrown: unknown;
    try {
      const result = await probe();
      if (result) return result;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() >= endsAt) {
      const last = thrown instanceof Error ? `: ${thrown.message}` : "";
      throw new Error(`${what} did not come true within ${timeoutMs} ms${last}`, { cause: thrown });
    }
    await sleep(intervalMs);
  }
}

/**
 * Settles like `promise`, but rejects with an `Error` naming `what` if that takes longer than `timeoutMs` milliseconds.
 * The promise itself is not cancelled; a late rejection of it is swallowed.
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what = "the operation"): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
