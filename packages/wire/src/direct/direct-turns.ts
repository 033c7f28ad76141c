/** So many messages of streams cross a channel before the rest of the process has its turn. */
const maxMessagesPerTurn = 400;

/**
 * Lets timers and input have their turn while both ends of a stream always have a next message ready: promise jobs go ahead of
 * everything else, so that not even the deadline of such a stream would pass. What waits keeps its async context.
 */
export class DirectTurns {
  #left = maxMessagesPerTurn;

  /** Calls `go` now, or in the next turn of the event loop. */
  take(go: () => void): void {
    if (--this.#left > 0) return go();
    setImmediate(() => {
      this.#left = maxMessagesPerTurn;
      go();
    });
  }
}
