import type { WireCounters } from "../diagnostics/counters.js";
import { ErrorCode } from "./constants.js";
import { ConnectionFault } from "./error.js";
import type { ConnectionLimits } from "./limits.js";

/** An allowance of so many a second that fills up to one second's worth. Looks at the clock only when it is spent. */
export class RateBudget {
  readonly #perSecond: number;
  #left: number;
  #filledAt = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** False when there is not enough left. */
  take(cost: number): boolean {
    this.#left -= cost;
    if (this.#left >= 0) return true;
    const now = performance.now();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#filledAt) * this.#perSecond) / 1000);
    this.#filledAt = now;
    return this.#left >= 0;
  }

  /** Adds to what is left. False when that still is not enough for what was taken. */
  earn(count: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + count);
    return this.#left >= 0;
  }
}

/**
 * What one peer may ask for without moving a call on (RFC 9113 §10.5): frames that only cost us work, and streams that
 * are begun to be reset. Beyond it the connection ends with ENHANCE_YOUR_CALM.
 */
export class Calm {
  readonly #limits: ConnectionLimits;
  readonly #control: RateBudget;
  readonly #resets: RateBudget;
  readonly #counters: WireCounters;
  /** Frames that came and moved nothing, and what was sent only to answer them. */
  #idleFrames = 0;
  /** Frames that moved something, as far as they have paid for others. */
  #paid = 0;
  /** Streams that the peer has opened. */
  #accepted = 0;
  #resetCount = 0;
  /** So many resets over the budget were paid for by calls that ended well. */
  #redeemed = 0;

  constructor(limits: ConnectionLimits, counters: WireCounters) {
    this.#limits = limits;
    this.#counters = counters;
    this.#control = new RateBudget(limits.maxControlFramesPerSecond);
    this.#resets = new RateBudget(limits.maxResetsPerSecond);
  }

  /**
   * A frame that moves nothing; `cost` is its share of the budget. Every frame of a call, either way, pays for one beyond
   * the budget: grpc-go measures its links with a PING and a WINDOW_UPDATE for almost every call.
   */
  onControl(cost = 1): void {
    this.#idleFrames++;
    if (this.#control.take(cost)) return;
    const { framesIn, framesOut, resetsOut } = this.#counters;
    const moved = framesIn + framesOut - resetsOut - this.#idleFrames;
    const earned = moved - this.#paid;
    this.#paid = moved;
    if (this.#control.earn(earned)) return;
    throw new ConnectionFault(
      ErrorCode.enhanceYourCalm,
      `more than ${this.#limits.maxControlFramesPerSecond} frames a second that move no call on (maxControlFramesPerSecond)`,
    );
  }

  /** An acknowledgement goes out. */
  onAnswer(): void {
    this.#idleFrames++;
  }

  onAccepted(): void {
    this.#accepted++;
  }

  /** The peer reset a stream, or made us reset one. A call that ended well pays for one beyond the budget. */
  onReset(openStreams: number): void {
    this.#resetCount++;
    if (this.#resets.take(1)) return;
    const endedWell = this.#accepted - this.#resetCount - openStreams;
    this.#redeemed = Math.max(this.#redeemed, endedWell - this.#limits.maxResetsPerSecond);
    if (this.#redeemed < endedWell) {
      this.#redeemed++;
      return;
    }
    throw new ConnectionFault(
      ErrorCode.enhanceYourCalm,
      `more than ${this.#limits.maxResetsPerSecond} streams a second were reset (maxResetsPerSecond)`,
    );
  }
}
