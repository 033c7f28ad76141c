import type { HeaderField } from "../hpack/field.js";
import type { CloseReason } from "./close-reason.js";

/** Why a stream ended before both sides had finished. */
export interface ResetReason {
  /** Error code of RFC 9113 §7. */
  readonly errorCode: number;
  /** `peer`: RST_STREAM came. `refused`: the peer said that it never looked at it. `connection`: the connection is gone. */
  readonly by: "peer" | "refused" | "connection";
  readonly message: string;
  readonly cause?: unknown;
  /** With `connection`: how it ended, the same object for each of its streams. */
  readonly closed?: CloseReason;
}

/** The user of a stream: one end of one call. No method may throw. */
export interface StreamHandler {
  /** A complete header block: the first one, or trailers. `truncated`: it was over the limit, the fields are not all there. */
  onHeaders(fields: readonly HeaderField[], endStream: boolean, truncated: boolean): void;
  /** Part of the body. Nothing may refer to `bytes` when it returns, except with `settleLater`. */
  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** The stream is over; called at most once and never after both sides have ended it. */
  onReset(reason: ResetReason): void;
  /** Everything that was queued has been sent; more may follow. */
  onDrain(): void;
}

/** Refers to bytes that have arrived, for longer than a handler may. */
export interface Holder {
  /** Copies what it still refers to. */
  settle(): void;
}

/** Memory of an encoded message that may be handed on instead of being copied. */
export interface MessageLender {
  /** Gives the memory of `message` away until `giveBack`, when it is the lender's. */
  lend(message: Uint8Array): boolean;
  giveBack(message: Uint8Array): void;
}
