import type { ConnectionLimits } from "./limits.js";
import type { Pings } from "./pings.js";
import type { StreamTable } from "./stream-table.js";

/** The round trip is measured again after so long, when it is asked for. */
const measureAgainMs = 1000;
/** Below this the smallest window carries 64 MiB a second and the usual one a GiB: other things are the limit. */
const minRoundTripMs = 1;

/**
 * Decides when the window of a stream grows: where half of it was sent and read within one round trip, so that the sender
 * had to wait for the window, and not for the reader or for the link. Measures the round trip with a PING now and then,
 * while large streams flow and at no other time.
 */
export class WindowTuning {
  readonly #limits: ConnectionLimits;
  readonly #pings: Pings;
  readonly #streams: StreamTable;
  /** The shortest that was measured: what it takes longer is queueing. */
  #roundTripMs: number | undefined;
  #measuredAt: number | undefined;

  constructor(limits: ConnectionLimits, pings: Pings, streams: StreamTable) {
    this.#limits = limits;
    this.#pings = pings;
    this.#streams = streams;
  }

  /**
   * Half of a window of `windowBytes` was read since `sinceMs`, a time of performance.now(), or 0 for the first half.
   * Returns by how many bytes it grows: it doubles at most, up to `maxStreamWindowBytes`, and all streams together grow by
   * `connectionWindowBytes` at most, because that much a peer can make us hold if its readers stop then.
   */
  growth(windowBytes: number, sinceMs: number, now: number): number {
    const { maxStreamWindowBytes, connectionWindowBytes, streamWindowBytes } = this.#limits;
    if (windowBytes >= maxStreamWindowBytes) return 0;
    this.#measure(now);
    const roundTripMs = this.#roundTripMs;
    if (sinceMs === 0 || roundTripMs === undefined || roundTripMs < minRoundTripMs || now - sinceMs > roundTripMs)
      return 0;
    const more = Math.min(windowBytes, maxStreamWindowBytes - windowBytes);
    let grown = 0;
    for (const stream of this.#streams.all()) grown += stream.windowBytes - streamWindowBytes;
    return Math.max(0, Math.min(more, connectionWindowBytes - grown));
  }

  #measure(now: number): void {
    if (this.#measuredAt !== undefined && now - this.#measuredAt < measureAgainMs) return;
    this.#measuredAt = now;
    this.#pings.ping().then(
      (ms) => {
        this.#roundTripMs = Math.min(ms, this.#roundTripMs ?? ms);
      },
      () => {},
    );
  }
}
