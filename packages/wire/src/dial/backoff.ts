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

  /** `random` gives numbers from 0 to below 1. Throws RangeError for options that are out of range. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    check("initialBackoffMs", options.initialBackoffMs, 0, 0x7fffffff);
    check("maxBackoffMs", options.maxBackoffMs, options.initialBackoffMs, 0x7fffffff);
    check("backoffMultiplier", options.backoffMultiplier, 1, Number.MAX_VALUE);
    check("backoffJitter", options.backoffJitter, 0, 1);
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

function check(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`${name} is ${value}, it must be from ${least} to ${most}`);
}
