import { maxStreamIds } from "./constants.js";

/** Limits and windows of one connection; every field has a default in `defaultLimits`. */
export interface ConnectionLimits {
  /** Flow-control window of each stream in bytes: how much the peer may send before the reader takes it. */
  readonly streamWindowBytes: number;
  /** How far the window of a stream may grow, in bytes. */
  readonly maxStreamWindowBytes: number;
  /** Flow-control window of the connection in bytes. */
  readonly connectionWindowBytes: number;
  /** Largest frame that we accept, in bytes; a larger one ends the connection with FRAME_SIZE_ERROR. */
  readonly maxFrameBytes: number;
  /** Largest header list in bytes, counted as RFC 9113 §6.5.2 does; a larger one is refused. */
  readonly maxHeaderListBytes: number;
  /** Streams of ours that may begin in the life of the connection, at most 2^30. */
  readonly maxCallsPerConnection: number;
  /** Streams that the peer may have open at once. More are refused with REFUSED_STREAM. */
  readonly maxConcurrentStreams: number;
  /** Bytes that may wait for a peer that does not read before message data stays in its stream. */
  readonly maxBufferedBytes: number;
  /** Frames that move no call on (PING, SETTINGS, empty DATA…) that the peer may send in a second, at most as many at once. */
  readonly maxControlFramesPerSecond: number;
  /** Streams that the peer may reset, or make us reset, in a second and at most at once, beyond one for each call that ended well. */
  readonly maxResetsPerSecond: number;
}

export const defaultLimits: ConnectionLimits = {
  streamWindowBytes: 1024 * 1024,
  maxStreamWindowBytes: 16 * 1024 * 1024,
  connectionWindowBytes: 16 * 1024 * 1024,
  maxFrameBytes: 16384,
  maxHeaderListBytes: 64 * 1024,
  maxCallsPerConnection: maxStreamIds,
  maxConcurrentStreams: 10_000,
  maxBufferedBytes: 256 * 1024,
  maxControlFramesPerSecond: 20_000,
  maxResetsPerSecond: 1000,
};
