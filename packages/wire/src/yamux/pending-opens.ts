/** Streams of ours that the peer has not taken yet, and callers who wait until there may be one more. */
export class PendingOpens {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #onTimeout: (id: number) => void;
  readonly #pending = new Map<number, NodeJS.Timeout | undefined>();
  readonly #queue = new Set<{ readonly go: () => void; readonly fail: (error: Error) => void }>();
  /** Callers who were let go and have not started their stream yet. */
  #going = 0;

  constructor(max: number, timeoutMs: number, onTimeout: (id: number) => void) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
    this.#onTimeout = onTimeout;
  }

  /** True when a stream may be opened now, without cutting in on those who wait. */
  get hasRoom(): boolean {
    return this.#queue.size === 0 && this.#pending.size + this.#going < this.#max;
  }

  /** Waits for room; who is let go must call `start` or `giveUp`, in the same turn. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue.delete(waiting);
        signal?.removeEventListener("abort", abort);
      };
      const waiting = {
        go: () => {
          leave();
          this.#going++;
          resolve();
        },
        fail: (error: Error) => {
          leave();
          reject(error);
        },
      };
      const abort = () => waiting.fail(signal?.reason as Error);
      this.#queue.add(waiting);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Who has waited does not open a stream after all, or does now. */
  leaveQueue(): void {
    this.#going--;
    this.#next();
  }

  /** SYN was sent. */
  start(id: number): void {
    let timer: NodeJS.Timeout | undefined;
    if (this.#timeoutMs > 0) {
      timer = setTimeout(() => this.#onTimeout(id), this.#timeoutMs);
      timer.unref();
    }
    this.#pending.set(id, timer);
  }

  /** The peer has taken the stream, or there is nothing left to take. */
  settle(id: number): void {
    if (!this.#pending.has(id)) return;
    clearTimeout(this.#pending.get(id));
    this.#pending.delete(id);
    this.#next();
  }

  /** Nobody who waits will be let go any more. */
  fail(error: Error): void {
    for (const { fail } of this.#queue) fail(error);
  }

  #next(): void {
    if (this.#pending.size + this.#going >= this.#max) return;
    const [first] = this.#queue;
    first?.go();
  }
}
