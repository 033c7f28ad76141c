/**
 * Resolves with what `promise` resolves with, or with undefined when `ms` milliseconds pass or `signal` aborts first.
 * The timer is gone when it settles. Rejects only if `promise` does in time.
 */
export async function settledWithin<T>(promise: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  if (signal?.aborted) ms = 0;
  let giveUp: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
    // When we were stopped or busy for longer than the wait, what we wait for may have happened already and only not been
    // read: one turn of the event loop lets it in first.
    timer = setTimeout(() => setImmediate(giveUp!), ms);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    if (giveUp !== undefined) signal?.removeEventListener("abort", giveUp);
  }
}
