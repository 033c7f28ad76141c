import { setMaxListeners } from "node:events";

/** A signal that aborts with either of two, and the end of its hold on them. */
export interface JoinedSignal {
  readonly signal: AbortSignal | undefined;
  readonly release: () => void;
}

const nothing = (): void => {};

/**
 * Joins two signals. Unlike `AbortSignal.any` it can let go: a signal that lives long would keep something of every call that was made
 * with it.
 */
export function joinSignals(one: AbortSignal | undefined, other: AbortSignal | undefined): JoinedSignal {
  if (one === undefined || other === undefined) return { signal: one ?? other, release: nothing };
  if (one.aborted || other.aborted) return { signal: one.aborted ? one : other, release: nothing };
  const controller = new AbortController();
  const onOne = (): void => abort(one);
  const onOther = (): void => abort(other);
  const release = (): void => {
    one.removeEventListener("abort", onOne);
    other.removeEventListener("abort", onOther);
  };
  const abort = (signal: AbortSignal): void => {
    release();
    controller.abort(signal.reason);
  };
  // One signal for many calls is no leak, and Node would warn of one at the eleventh.
  setMaxListeners(0, one, other);
  one.addEventListener("abort", onOne);
  other.addEventListener("abort", onOther);
  return { signal: controller.signal, release };
}
