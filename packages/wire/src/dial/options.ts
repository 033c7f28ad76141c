import type { ChannelOptions } from "../client/options.js";

/** Options of a dialed channel: those of its connections and how it makes them. Each has a default. */
export interface DialOptions extends Omit<ChannelOptions, "renew"> {
  /**
   * Whether calls wait while no connection can be made. Default false: they fail with UNAVAILABLE and the last reason.
   * For one call: the context value `waitForReady`. Calls always wait while a connection is being made.
   */
  readonly waitForReady?: boolean;
  /** How long one attempt to connect may take, up to the server's SETTINGS, in milliseconds. Default 20000, as grpc-go. */
  readonly connectTimeoutMs?: number;
  /**
   * Time from the start of the first failed attempt to the start of the next in milliseconds. Default 1000, as gRPC. For a
   * server on the same machine 20 is better: an attempt costs nothing there.
   */
  readonly initialBackoffMs?: number;
  /** By what that time grows with each failed attempt, from 1. Default 1.6, as gRPC. */
  readonly backoffMultiplier?: number;
  /** Part of that time by which it is longer or shorter at random, from 0 to 1. Default 0.2, as gRPC. */
  readonly backoffJitter?: number;
  /** That time, before the jitter, at most, in milliseconds. Default 120000, as gRPC. For a server on the same machine 1000. */
  readonly maxBackoffMs?: number;
  /**
   * A connection without calls is closed after so many milliseconds, half more at most; the next call makes a new one.
   * 0 keeps it. Default 1800000, as grpc-go.
   */
  readonly idleTimeoutMs?: number;
  /**
   * How often a call is sent again that the server refused to look at (REFUSED_STREAM, or GOAWAY with a lower stream).
   * Default 5; 0 never. grpc-go: once.
   */
  readonly maxTransparentRetries?: number;
  /**
   * Bytes of requests that a streaming call keeps until the answer begins, for sending them again. One that has sent more
   * fails with UNAVAILABLE when it is refused. Default 256 KiB, as grpc-go. Unary calls keep their request whatever its size.
   */
  readonly maxReplayBytes?: number;
}
