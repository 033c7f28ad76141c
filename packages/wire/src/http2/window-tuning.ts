import type { ConnectionLimits } from "./limits.js";
import type { Pings } from "./pings.js";
import type { StreamTable } from "./stream-table.js";

/** The round trip is measured again after so long, when it is asked for. */
const measureAgainMs = 1000;
/**
 * Nothing grows before the round trip was measured so often, one after the other. A single measurement on one machine may take
 * milliseconds, and a window that grew for nothing puts as many bytes in the way of every other call.
 */
const minMeasurements = 3;
/** Below this the smallest window carries 128 MiB a second and the usual one 256: other things are the limit. */
const minRoundTripMs = 0.5;

/**
 * Decides when the window of a stream grows: where half of it was sent and read within one round trip, so that the sender
 * had to wait for the window, and not for the reader or for the link. Measures the round trip with a PING now and then,
 * while large streams flow and at no other time.
 */
export class WindowTuning {
  readonly #limits: ConnectionLimits;
  readonly #pings: Pings;
  readonly #streams: StreamTable;
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
    const { shortestMs: roundTripMs, measurements } = this.#pings;
    if (sinceMs === 0 || roundTripMs === undefined || measurements < minMeasurements) return 0;
    if (roundTripMs < minRoundTripMs || now - sinceMs > roundTripMs) return 0;
    const more = Math.min(windowBytes, maxStreamWindowBytes - windowBytes);
    let grown = 0;
    for (const stream of this.#streams.all()) grown += stream.windowBytes - streamWindowBytes;
    return Math.max(0, Math.min(more, connectionWindowBytes - grown));
  }

  #measure(now: number): void {
    if (this.#measuredAt !== undefined && now - this.#measuredAt < measureAgainMs) return;
    this.#measuredAt = now;
    this.#pings.ping().then(
      () => {
        if (this.#pings.measurements < minMeasurements) this.#measuredAt = undefined;
      },
      () => {},
    );
  }
}
