/** Lets so many through per second; what was not used is there for later, up to one second's worth. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** `now` tells milliseconds that never go back. Default: `performance.now`. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = perSecond;
    this.#at = now();
  }

  /** Whether one more is let through. */
  take(): boolean {
    if (this.#left < 1) {
      const now = this.#now();
      this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
      this.#at = now;
      if (this.#left < 1) return false;
    }
    this.#left--;
    return true;
  }
}
