/** By what the time between two attempts grows. */
const growth = 1.6;

/** The wait for a host that is away grows to this at first, in milliseconds. */
const quickMs = 1000;

/** Later it grows to this part of the time for which the host has been away. */
const patience = 1 / 10;

/** The shortest wait after a host said that it has too much to do, in milliseconds. */
const busyMs = 1000;

/**
 * Says how long to wait before the next attempt. A host that restarts is found within a second, one that stays away is looked for ever more
 * rarely, one that has too much to do is left alone for longer; and many plugins that lost one host never come together.
 */
export class BindBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;
  #refusals = 0;
  #awayFromMs: number | undefined;

  /** `random` gives numbers from 0 to below 1. */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = Math.max(minMs, maxMs);
    this.#random = random;
  }

  /** Milliseconds to wait: between half of the time that grows and all of it. */
  next(nowMs: number, isBusy = false): number {
    this.#awayFromMs ??= nowMs;
    const grown = isBusy
      ? Math.max(busyMs, this.#minMs) * growth ** this.#refusals++
      : Math.min(this.#minMs * growth ** this.#failures++, this.#patienceMs(nowMs - this.#awayFromMs));
    return Math.min(grown, this.#maxMs) * (0.5 + this.#random() / 2);
  }

  #patienceMs(awayMs: number): number {
    return Math.max(quickMs, this.#minMs, awayMs * patience);
  }

  /** The host has taken the plugin: it is neither away nor busy. */
  welcomed(): void {
    this.#refusals = 0;
    this.#awayFromMs = undefined;
  }

  /** The link has ended after so long. One that lasted was no failure: the next wait is a short one again. */
  ended(afterMs: number): void {
    if (afterMs >= Math.max(this.#minMs, quickMs)) this.#failures = 0;
  }
}
