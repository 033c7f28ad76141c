import type { Transport } from "@connectrpc/connect";
import type { PingOptions } from "../client/ping.js";
import type { WireCounters } from "../diagnostics/counters.js";
import type { CloseReason } from "../http2/close-reason.js";
import type { DialState, DialStateListener } from "./state.js";

/** Counters of a dialed channel. */
export interface DialStats extends WireCounters {
  /** Connections that were made. */
  readonly connections: number;
  /** Attempts to connect that failed. */
  readonly failures: number;
  /** Calls that were sent again because the server had refused to look at them. */
  readonly retries: number;
}

/** The client end of a gRPC channel that makes its connections itself, one after the other, as calls need them. */
export interface DialedChannel extends AsyncDisposable {
  /** For `createClient`, ours or that of Connect-ES. */
  readonly transport: Transport;
  readonly state: DialState;
  /** Calls that wait for a stream or have one. */
  readonly inFlight: number;
  /** Resolves when the channel is closed and its last call has ended. */
  readonly closed: Promise<CloseReason>;
  /** Hears of each change of `state`. Returns how to stop listening. */
  onStateChange(listener: DialStateListener): () => void;
  /**
   * Connects unless there is a connection, through as many attempts as it takes. Rejects with UNAVAILABLE when the channel
   * is closed, with CANCELED when `signal` aborts.
   */
  ready(options?: { signal?: AbortSignal }): Promise<void>;
  /** Round trip of an HTTP/2 PING in milliseconds; connects first where needed. Rejects when the connection ends, the signal aborts or the time is over. */
  ping(options?: PingOptions): Promise<number>;
  /** What all its connections have done so far. */
  stats(): DialStats;
  /** No new calls; those that still wait fail with UNAVAILABLE; resolves when those that have begun have ended. */
  close(): Promise<CloseReason>;
  /** Ends now: calls in flight fail with UNAVAILABLE. */
  destroy(cause?: Error): void;
}
