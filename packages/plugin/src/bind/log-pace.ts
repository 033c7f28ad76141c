import { Fifo } from "./fifo.js";

/** What may be on its way in any case, in bytes. */
const minBytes = 16 * 1024;
const stepBytes = 4 * 1024;
/** Times that differ by less are the same, in milliseconds. */
const slackMs = 0.25;
/** The best time is that of so many milliseconds: a link can become another one while it stands. */
const memoryMs = 10_000;

/**
 * How many bytes of log records may be on their way. What waits in the network holds up the calls behind it, so it is as much as the link
 * carries without a queue: more while records arrive as fast as ever, half of it when they take twice the time.
 */
export class LogPace {
  readonly #maxBytes: number;
  readonly #nowMs: () => number;
  readonly #sent = new Fifo<{ readonly sequence: number; readonly atMs: number }>();
  #bytes: number;
  #best: { readonly tripMs: number; readonly atMs: number } | undefined;
  #isFull = false;

  /** `maxBytes` is what the host allows. */
  constructor(maxBytes: number, nowMs: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes;
    this.#nowMs = nowMs;
    this.#bytes = Math.min(minBytes, maxBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records wait that the limit does not let out. */
  full(): void {
    this.#isFull = true;
  }

  /** A frame leaves; this is its last record. */
  sent(sequence: number): void {
    this.#sent.push({ sequence, atMs: this.#nowMs() });
  }

  /** The host has all records up to this one. */
  taken(sequence: number): void {
    let last: { readonly atMs: number } | undefined;
    for (let next = this.#sent.first; next !== undefined && next.sequence <= sequence; next = this.#sent.first) {
      last = this.#sent.shift();
    }
    if (last === undefined) return;
    const nowMs = this.#nowMs();
    const tripMs = nowMs - last.atMs;
    if (this.#best === undefined || tripMs <= this.#best.tripMs || nowMs - this.#best.atMs > memoryMs) {
      this.#best = { tripMs, atMs: nowMs };
    }
    if (tripMs > this.#best.tripMs * 2 + slackMs)
      this.#bytes = Math.max(Math.min(minBytes, this.#maxBytes), this.#bytes / 2);
    else if (this.#isFull) this.#bytes = Math.min(this.#bytes + stepBytes, this.#maxBytes);
    this.#isFull = false;
  }
}
