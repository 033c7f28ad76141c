/** By what the time between two attempts grows. */
const growth = 1.6;

/** Says how long to wait before the next attempt: longer each time, and never the same for many plugins that lost one host. */
export class BindBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers from 0 to below 1. */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = Math.max(minMs, maxMs);
    this.#random = random;
  }

  /** Milliseconds to wait: between half of the time that grows and all of it. */
  next(): number {
    const plain = Math.min(this.#minMs * growth ** this.#failures, this.#maxMs);
    this.#failures++;
    return plain * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
