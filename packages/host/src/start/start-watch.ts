import { createDeferred } from "../async/deferred.js";

/** Watches one start for everything that can end it early: its deadline, its caller's signal, the end of the process, the end of the host. */
export interface StartWatch {
  /** Aborts, with the error as its reason, at the moment the start fails. */
  readonly signal: AbortSignal;
  /** Milliseconds since the start began. */
  elapsedMs(): number;
  /** Ends the start with an error; only the first call counts. */
  fail(error: Error): void;
  /** Waits for a stage's work; rejects as soon as the start has failed, whatever the work does. */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Stops the timer and the listening. */
  dispose(): void;
}

/** Creates a watch whose clock starts now. `onTimeout` and `onAbort` make the errors. */
export function createStartWatch(
  timeoutMs: number,
  onTimeout: () => Error,
  callersSignal: AbortSignal | undefined,
  onAbort: (reason: unknown) => Error,
): StartWatch {
  const startedAt = performance.now();
  const failed = createDeferred<never>();
  const abort = new AbortController();
  failed.promise.catch(() => {});

  const fail = (error: Error): void => {
    failed.reject(error);
    abort.abort(error);
  };
  // A host that was suspended for longer than the deadline finds its timer due before it has read what the plugin wrote
  // meanwhile: one turn of the event loop lets that in first.
  const timer = setTimeout(() => {
    lastTurn = setImmediate(() => fail(onTimeout()));
  }, timeoutMs);
  let lastTurn: NodeJS.Immediate | undefined;

  const listener = (): void => fail(onAbort(callersSignal?.reason));
  if (callersSignal?.aborted) listener();
  else callersSignal?.addEventListener("abort", listener, { once: true });

  return {
    signal: abort.signal,
    elapsedMs: () => performance.now() - startedAt,
    fail,
    guard: (work) => Promise.race([work, failed.promise]),
    dispose() {
      clearTimeout(timer);
      if (lastTurn !== undefined) clearImmediate(lastTurn);
      callersSignal?.removeEventListener("abort", listener);
    },
  };
}
