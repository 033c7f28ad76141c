/** How the time between attempts to connect grows; gRPC's "connection backoff" protocol. */
export interface BackoffOptions {
  readonly initialBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly backoffJitter: number;
  readonly maxBackoffMs: number;
}

/** Counts failed attempts and says how long to wait. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers from 0 to below 1. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** Milliseconds from the start of the attempt that has failed to the start of the next. */
  next(): number {
    const { initialBackoffMs, backoffMultiplier, backoffJitter, maxBackoffMs } = this.#options;
    const plain = Math.min(initialBackoffMs * backoffMultiplier ** this.#failures, maxBackoffMs);
    this.#failures++;
    return plain * (1 + backoffJitter * (2 * this.#random() - 1));
  }

  reset(): void {
    this.#failures = 0;
  }
}
