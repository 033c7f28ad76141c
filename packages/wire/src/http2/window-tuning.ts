import type { ConnectionLimits } from "./limits.js";
import type { Pings } from "./pings.js";
import type { TunedStream } from "./stream.js";
import type { StreamTable } from "./stream-table.js";

/** The round trip is measured again after so long, when it is asked for. */
const measureAgainMs = 1000;
/**
 * Nothing grows before the round trip was measured so often, one after the other. A single measurement on one machine may take
 * milliseconds, and a window that grew for nothing puts as many bytes in the way of every other call.
 */
const minMeasurements = 3;
/** Below this the smallest window carries 64 MiB a second and the usual one a GiB: the sender does not wait for it. */
const minRoundTripMs = 1;
/**
 * A window that the sender waits for has half of it sent and read within so many round trips: within one, but for the time that both ends take,
 * where a quarter of it lies with the reader as the beginning of a message.
 */
const waitedRoundTrips = 1.5;
/**
 * The window that a stream yields to, where a round trip is nothing, while other calls are made on its connection. What lies in a window lies before every answer:
 * with 1 MiB a call beside a bulk stream takes 7 times as long as with this. Alone a stream has its whole window back.
 */
const yieldingBytes = 128 * 1024;
/**
 * Where a round trip is nothing a window grows to this while its reader takes half of it within `swiftMs`: each update costs a write and a
 * read, and with 1 MiB a stream of large messages has 0.9 of the bytes a second and costs the client 1.2 times the CPU time.
 */
const nearBytes = 4 * 1024 * 1024;
const swiftMs = 4;
/** Calls are being made for so long after one was. */
const busyMs = 20;

/**
 * Decides the window of a stream each time half of it was read. It grows where that half was sent and read within one and a half round trips, so
 * that the sender had to wait for the window, and not for the reader or for the link; the round trip is measured with a PING now
 * and then, while large streams flow and at no other time. Where the round trip is nothing it grows to 4 MiB for a swift reader, and
 * shrinks while other calls are made.
 */
export class WindowTuning {
  readonly #limits: ConnectionLimits;
  readonly #pings: Pings;
  readonly #streams: StreamTable;
  readonly #isLocal: boolean;
  #measuredAt: number | undefined;
  #newestId = 0;
  #busyUntil = 0;

  /** On one machine no round trip is measured: what looks like one there is the time that the stream itself takes. */
  constructor(limits: ConnectionLimits, pings: Pings, streams: StreamTable, isLocal: boolean) {
    this.#isLocal = isLocal;
    this.#limits = limits;
    this.#pings = pings;
    this.#streams = streams;
  }

  /**
   * `readBytes` of the window of a stream were read since `sinceMs`, a time of performance.now(), or 0 for the first time.
   * Returns by how many bytes it changes: less than `readBytes` down, and up to twice its size, to `maxStreamWindowBytes`; all
   * streams together grow by `connectionWindowBytes` at most, because that much a peer can make us hold if its readers stop then.
   */
  change({ id, windowBytes }: TunedStream, readBytes: number, sinceMs: number, now: number): number {
    const { streamWindowBytes } = this.#limits;
    const { newestId } = this.#streams;
    const isNear = this.#isLocal || (this.#pings.shortestMs ?? minRoundTripMs) < minRoundTripMs;
    if (newestId !== this.#newestId) {
      this.#newestId = newestId;
      if (newestId !== id) this.#busyUntil = now + busyMs;
    }
    if (isNear && now < this.#busyUntil) {
      return windowBytes <= yieldingBytes ? 0 : -Math.min(windowBytes - yieldingBytes, (readBytes * 7) >>> 3);
    }
    if (windowBytes < streamWindowBytes) return streamWindowBytes - windowBytes;
    if (!this.#isLocal && windowBytes < this.#limits.maxStreamWindowBytes) this.#measure(now);
    if (sinceMs === 0) return 0;
    if (isNear) return now - sinceMs > swiftMs ? 0 : this.#growth(windowBytes, nearBytes);
    const { shortestMs: roundTripMs = 0, measurements } = this.#pings;
    if (measurements < minMeasurements || now - sinceMs > roundTripMs * waitedRoundTrips) return 0;
    return this.#growth(windowBytes, Number.POSITIVE_INFINITY);
  }

  #growth(windowBytes: number, mostBytes: number): number {
    const { maxStreamWindowBytes, connectionWindowBytes, streamWindowBytes } = this.#limits;
    const more = Math.min(windowBytes, maxStreamWindowBytes - windowBytes, mostBytes - windowBytes);
    if (more <= 0) return 0;
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
