/**
 * What a dialed channel is doing. `idle`: it has no connection and needs none. `connecting`: it is making one. `ready`: it
 * has one. `backoff`: it could not make one and waits before it tries again. `closed`: it takes no more calls.
 */
export type DialState = "idle" | "connecting" | "ready" | "backoff" | "closed";

/** Which state may follow which. */
export const transitions: Readonly<Record<DialState, readonly DialState[]>> = {
  idle: ["connecting", "closed"],
  connecting: ["ready", "backoff", "closed"],
  ready: ["idle", "backoff", "closed"],
  backoff: ["connecting", "idle", "closed"],
  closed: [],
};

/** Hears of each change, in order, after the work that made it. */
export type DialStateListener = (state: DialState, previous: DialState) => void;

/** The state of one channel: one place that changes it, and those who are told. */
export class StateHolder {
  #state: DialState = "idle";
  readonly #listeners = new Set<DialStateListener>();

  get current(): DialState {
    return this.#state;
  }

  /** Throws when the table does not allow it: that would be a mistake of ours. */
  move(next: DialState): void {
    const previous = this.#state;
    if (!transitions[previous].includes(next)) throw new Error(`a channel cannot go from ${previous} to ${next}`);
    this.#state = next;
    // Later, so that a listener that closes the channel does not do so in the middle of its work. What one throws is
    // nobody's to catch and becomes an uncaught exception, as with an event emitter's.
    for (const listener of this.#listeners) queueMicrotask(() => listener(next, previous));
  }

  /** Returns how to stop listening. */
  listen(listener: DialStateListener): () => void {
    // Of its own, so that one function may listen twice.
    const own: DialStateListener = (state, previous) => {
      if (this.#listeners.has(own)) listener(state, previous);
    };
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
