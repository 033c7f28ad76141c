/** Looks in one idle time. */
const looks = 4;

/** What tells whether a connection is in use. */
export interface Watched {
  readonly counters: { readonly streams: number };
  readonly streams: { readonly size: number };
}

/**
 * Notices that a connection has had no call for a time, without a word from the calls: it looks four times in that time
 * whether a call is open or one has begun since. It is never early, and half of that time late at most.
 */
export class IdleWatch {
  readonly #watched: Watched;
  readonly #onIdle: () => void;
  readonly #timer: NodeJS.Timeout;
  #begun: number;
  #quiet = 0;

  constructor(watched: Watched, idleTimeoutMs: number, onIdle: () => void) {
    this.#watched = watched;
    this.#onIdle = onIdle;
    this.#begun = watched.counters.streams;
    this.#timer = setInterval(() => this.#look(), Math.min(Math.ceil(idleTimeoutMs / looks), 0x7fffffff));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { counters, streams } = this.#watched;
    const inUse = streams.size > 0 || counters.streams !== this.#begun;
    this.#begun = counters.streams;
    this.#quiet = inUse ? 0 : this.#quiet + 1;
    if (this.#quiet <= looks) return;
    this.stop();
    this.#onIdle();
  }
}
