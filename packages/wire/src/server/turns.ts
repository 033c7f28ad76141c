/** So many messages of streams leave a connection before others have their turn. */
const maxMessagesPerTurn = 400;

/**
 * Sees to it that streams whose handlers always have a next message ready let the rest of the process have its turn: promise
 * jobs go ahead of everything else, so such a handler would keep reads, timers and other connections waiting.
 */
export class Turns {
  #left = maxMessagesPerTurn;
  #waiting: (() => void)[] = [];

  /** Takes note of a message. False when the turn is over: the next one must wait for `afterTurn`. */
  takeOne(): boolean {
    return --this.#left > 0;
  }

  /** Calls `go` in the next turn of the event loop. */
  afterTurn(go: () => void): void {
    if (this.#waiting.push(go) === 1) setImmediate(begin, this);
  }

  /** A new turn. */
  begin(): void {
    this.#left = maxMessagesPerTurn;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}

function begin(turns: Turns): void {
  turns.begin();
}
