import { setMaxListeners } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { formatTimeout } from "../grpc/timeout.js";
import type { HeaderField } from "../hpack/field.js";
import type { HeaderTemplate } from "../http2/header-template.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { errorFromReset } from "./answer.js";

/** A call that begins as soon as the connection has room for its stream. */
export interface PendingCall extends StreamHandler {
  readonly started: StartedCall;
  begin(stream: Http2Stream): void;
  /** It cannot begin at once: what it holds in shared memory is copied. */
  hold(): void;
  /** Ends the call with an error, once. */
  fail(error: unknown): void;
}

/** What a call holds while it is under way: its header fields, its deadline and its hold on the caller's signal. */
export class StartedCall {
  readonly template: HeaderTemplate;
  /** Fields of this call alone: timeout and metadata. */
  readonly fields: HeaderField[] | undefined;
  readonly #explain: (reason: ResetReason, fail: (error: ConnectError) => void) => void;
  readonly #timeoutMs: number | undefined;
  readonly #begunAt: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort: (() => void) | undefined;

  constructor(
    template: HeaderTemplate,
    metadata: HeaderField[] | undefined,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
    explain: (reason: ResetReason, fail: (error: ConnectError) => void) => void,
  ) {
    this.template = template;
    this.#explain = explain;
    this.#timeoutMs = timeoutMs;
    this.#begunAt = timeoutMs === undefined ? 0 : performance.now();
    this.#signal = signal;
    this.fields = metadata;
    if (timeoutMs !== undefined) {
      this.fields ??= [];
      this.fields.unshift(["grpc-timeout", formatTimeout(timeoutMs)]);
    }
  }

  /** From now on the call fails at its deadline and when its signal aborts. */
  watch(fail: (error: ConnectError) => void): void {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => fail(deadlineError(timeoutMs)), Math.min(Math.ceil(timeoutMs), 0x7fffffff));
    }
    const signal = this.#signal;
    if (signal !== undefined) {
      this.#abort = () => fail(abortError(signal));
      setMaxListeners(0, signal); // One signal for many calls is no leak, and Node would warn of one at the eleventh.
      signal.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** The stream was reset: fails the call with what that means, at once or when the loss of the connection is explained. */
  failAfterReset(reason: ResetReason, fail: (error: ConnectError) => void): void {
    const timeoutMs = this.#timeoutMs;
    if (reason.by === "connection") {
      this.#explain(reason, fail);
    } else if (timeoutMs !== undefined && performance.now() - this.#begunAt >= timeoutMs) {
      // A server whose timer was faster than ours may cancel the stream without a status (grpc-go does).
      fail(deadlineError(timeoutMs));
    } else {
      fail(errorFromReset(reason));
    }
  }

  /** The call is over: timer and listener end with it. */
  release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#abort !== undefined) this.#signal?.removeEventListener("abort", this.#abort);
  }
}

export function deadlineError(timeoutMs: number): ConnectError {
  return new ConnectError(`the operation timed out after ${timeoutMs} ms`, Code.DeadlineExceeded);
}

export function abortError(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
