/** What went wrong with a yamux session or stream of ours. */
export type YamuxErrorCode =
  /** The peer reset the stream, which is also how it refuses one. */
  | "reset"
  /** The session has ended; the cause is its {@link YamuxCloseReason}. */
  | "session-closed"
  /** One of the two sides has said go-away, so no stream can be opened. Make a new session. */
  | "going-away"
  /** Every number for streams of this side has been used. Make a new session. */
  | "streams-exhausted"
  /** The peer has not taken a stream in time. */
  | "open-timeout"
  /** The peer has not answered a ping in time. */
  | "ping-timeout";

/** Fails a stream, an `open()` or a `ping()`. */
export class YamuxError extends Error {
  override readonly name = "YamuxError";
  readonly code: YamuxErrorCode;

  constructor(code: YamuxErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The rules of docs/protocol/yamux.md that a peer can break; each ends the session. */
export type YamuxViolation =
  | "version"
  | "frame-type"
  | "stream-id"
  | "duplicate-stream"
  | "unexpected-flag"
  | "window-exceeded"
  | "window-overflow"
  | "unread-answers";

/** Why a session ended. */
export type YamuxCloseReason =
  /** `closed`: by this side. `goaway`: the byte stream ended after the peer had said so. `lost`: it ended or failed without. */
  | { readonly kind: "closed" | "goaway" | "lost"; readonly message: string; readonly cause?: unknown }
  /** The peer broke a rule and was told so. */
  | { readonly kind: "violation"; readonly violation: YamuxViolation; readonly message: string }
  /** The peer ended the session with a go-away: 1 says that we broke a rule, 2 that it has an error of its own. */
  | { readonly kind: "refused"; readonly goAwayCode: number; readonly message: string }
  /** The peer did not answer a keepalive ping in time. */
  | { readonly kind: "timeout"; readonly message: string };

/** Thrown where the bytes of the peer are read; never leaves the session. */
export class ViolationFault extends Error {
  readonly violation: YamuxViolation;

  constructor(violation: YamuxViolation, message: string) {
    super(message);
    this.violation = violation;
  }
}

export function selfGoingAway(): YamuxError {
  return new YamuxError("going-away", "the session is closing and opens no streams any more");
}

export function peerGoingAway(): YamuxError {
  return new YamuxError("going-away", "the peer takes no streams any more: a new session is needed");
}

export function closedError(reason: YamuxCloseReason): YamuxError {
  return new YamuxError("session-closed", `the yamux session has ended: ${reason.message}`, { cause: reason });
}
