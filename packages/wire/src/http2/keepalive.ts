import type { Counters } from "../diagnostics/counters.js";
import type { CloseReason } from "./close-reason.js";
import { ErrorCode } from "./constants.js";
import { ConnectionFault } from "./error.js";
import type { Pings } from "./pings.js";

/** What a server says to a client that sends more PINGs than it tolerates: grpc's word for it, which peers compare. */
export const tooManyPings = "too_many_pings";

export interface KeepaliveOptions {
  /** A PING goes out after so many milliseconds without a byte from the peer. */
  readonly timeMs: number;
  /** The connection is lost when no byte comes within so many milliseconds after it. */
  readonly timeoutMs: number;
  /** Whether PINGs also go out while there are no streams. */
  readonly withoutCalls: boolean;
}

/** What keepalive needs of a connection. */
export interface KeepaliveHome {
  readonly streams: { readonly size: number };
  readonly pings: Pings;
  /** Called with every chunk that comes. */
  onReceived: (() => void) | undefined;
  finish(reason: CloseReason): void;
}

/**
 * Finds a link that is dead without a sign, as gRPC's keepalive does: at the latest `timeMs` + `timeoutMs` after the last
 * byte.
 */
export class Keepalive {
  readonly #connection: KeepaliveHome;
  readonly #options: KeepaliveOptions;
  readonly #onData = () => {
    this.#heardAt = performance.now();
  };
  #heardAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  /** When the PING went out that waits for an answer. */
  #askedAt: number | undefined;

  constructor(connection: KeepaliveHome, options: KeepaliveOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.onReceived = this.#onData;
    this.#wait(options.timeMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#connection.onReceived = undefined;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), Math.min(Math.max(1, Math.ceil(ms)), 0x7fffffff));
    // The byte stream keeps the process alive, not the watch over it.
    this.#timer.unref();
  }

  #check(): void {
    const { timeMs, timeoutMs, withoutCalls } = this.#options;
    if (this.#askedAt !== undefined && this.#heardAt <= this.#askedAt) {
      const leftMs = timeoutMs - (performance.now() - this.#askedAt);
      if (leftMs > 0) return this.#wait(Math.min(timeMs, leftMs));
      const message = `nothing came from the peer for ${timeoutMs} ms after a keepalive PING`;
      return this.#connection.finish({ kind: "lost", message });
    }
    this.#askedAt = undefined;
    const quietMs = performance.now() - this.#heardAt;
    if (quietMs < timeMs) return this.#wait(timeMs - quietMs);
    if (!withoutCalls && this.#connection.streams.size === 0) return this.#wait(timeMs);
    this.#askedAt = performance.now();
    this.#connection.pings.ping().catch(() => {});
    // Looks again before the answer is due: once it is there, the next quiet time counts from it.
    this.#wait(Math.min(timeMs, timeoutMs));
  }
}

/** So many PINGs that come too early are forgiven, as grpc-go and the C core do. */
const maxStrikes = 2;

/**
 * How often a client may send PINGs, as gRPC's servers enforce it. Those behind which the server has sent something of
 * its own (an answer, a window) do not count: they may be a peer's way to measure its window.
 */
export class PingPolicy {
  readonly #minTimeMs: number;
  readonly #counters: Counters;
  #lastAt: number | undefined;
  #framesOut = 0;
  #strikes = 0;

  constructor(minTimeMs: number, counters: Counters) {
    this.#minTimeMs = minTimeMs;
    this.#counters = counters;
  }

  /** A PING came, whose answer is not written yet. Throws ConnectionFault when it is one too many. */
  onPing(): void {
    const now = performance.now();
    const { framesOut } = this.#counters;
    // One frame since the last PING is the answer to it.
    if (framesOut > this.#framesOut + 1) this.#strikes = 0;
    else if (this.#lastAt !== undefined && now - this.#lastAt < this.#minTimeMs) this.#strikes++;
    this.#framesOut = framesOut;
    this.#lastAt = now;
    if (this.#strikes > maxStrikes) {
      throw new ConnectionFault(
        ErrorCode.enhanceYourCalm,
        `PINGs come more often than every ${this.#minTimeMs} ms (minKeepaliveTimeMs)`,
        tooManyPings,
      );
    }
  }
}
