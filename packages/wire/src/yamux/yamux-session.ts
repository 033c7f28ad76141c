import type { YamuxCloseReason } from "./error.js";
import type { YamuxStream } from "./stream.js";

/**
 * Many streams on one byte stream. Streams of the peer go to `onStream`, else to whoever iterates over the session; the
 * iteration ends with the session. `await using` closes it.
 */
export interface YamuxSession extends AsyncDisposable, AsyncIterable<YamuxStream> {
  readonly role: "client" | "server";
  /** Streams of both sides that are open. */
  readonly streamCount: number;
  /** Resolves when the session has ended and every stream was told; never rejects. */
  readonly closed: Promise<YamuxCloseReason>;
  /**
   * Opens a stream. Resolves when its SYN was sent, without waiting for the peer to take it: data may follow at once. Waits
   * while `maxPendingOpens` are not taken.
   *
   * Rejects with a {@link YamuxError} `session-closed`, `going-away`, `streams-exhausted`; when `signal` aborts.
   */
  open(options?: { readonly signal?: AbortSignal }): Promise<YamuxStream>;
  /**
   * The round trip in milliseconds. Rejects with a {@link YamuxError} `ping-timeout` after `timeoutMs` (default: the
   * session's `pingTimeoutMs`), `session-closed`; when `signal` aborts.
   */
  ping(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<number>;
  /** Takes no more streams of the peer, and tells it so. What is open goes on, and `open` still works. */
  goAway(): void;
  /** Opens and takes no more streams, waits up to `graceMs` (default 5000) for those that are open, resets the rest, ends. Throws `option-invalid` for a time that is none. */
  close(options?: { readonly graceMs?: number }): Promise<YamuxCloseReason>;
  /** Ends now; open streams fail with `session-closed`. With an error the peer is told of an internal error. */
  destroy(error?: Error): void;
}
