import { setMaxListeners } from "node:events";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type CallRecord, recordCall } from "../diagnostics/call-record.js";
import type { CallSending } from "../grpc/compression.js";
import { formatTimeout } from "../grpc/timeout.js";
import type { HeaderField } from "../hpack/field.js";
import type { HeaderTemplate } from "../http2/header-template.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { errorFromReset } from "./answer.js";
import { type CallFate, withFate } from "./fate.js";

/** A call that begins as soon as a connection has room for its stream. */
export interface PendingCall extends StreamHandler {
  readonly started: StartedCall;
  /** Sends the request. Once more on another stream when the peer refused to look at the first. */
  begin(stream: Http2Stream, template: HeaderTemplate): void;
  /** It cannot begin at once, or may have to begin twice: what it holds in shared memory is copied. */
  hold(): void;
  /** Ends the call with an error, once. */
  fail(error: unknown): void;
}

/** Takes the error of a call whose connection is gone, and whether the channel's owner explained it. */
export type FailAfterLoss = (error: ConnectError, isExplained?: boolean) => void;

/** What a call needs of its channel. */
export interface CallHome {
  /** Bytes of requests that a streaming call keeps until it is answered, to send them again. 0: none, so no `retry`. */
  readonly maxReplayBytes: number;
  /** Takes over a call that the peer never looked at. False when it must fail. */
  retry(call: PendingCall): boolean;
  /** The deadline has passed or the caller's signal is aborted: forgets the call and fails it. */
  giveUp(call: PendingCall, error: ConnectError): void;
  /** Fails a call whose connection is gone, now or when the loss is explained by the channel's owner. */
  explainLoss(reason: ResetReason, fail: FailAfterLoss): void;
}

/** What a call holds while it is under way: its header fields, its deadline and its hold on the caller's signal. */
export class StartedCall {
  readonly home: CallHome;
  readonly method: DescMethod;
  readonly signal: AbortSignal | undefined;
  /** Whether it waits while there is no connection; undefined: as its channel does. */
  readonly waitForReady: boolean | undefined;
  /** Only where messages may be compressed. */
  readonly sending: CallSending | undefined;
  /** How often the peer refused to look at it. */
  refusals = 0;
  /** Only while somebody listens. */
  readonly record: CallRecord | undefined;
  readonly metadata: HeaderField[] | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #begunAt: number;
  #timer: NodeJS.Timeout | undefined;
  #abort: (() => void) | undefined;

  constructor(
    home: CallHome,
    method: DescMethod,
    metadata: HeaderField[] | undefined,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
    waitForReady: boolean | undefined,
    sending: CallSending | undefined,
  ) {
    this.home = home;
    this.method = method;
    this.signal = signal;
    this.waitForReady = waitForReady;
    this.sending = sending;
    this.record = recordCall("client", method);
    this.metadata = metadata;
    this.#timeoutMs = timeoutMs;
    this.#begunAt = timeoutMs === undefined ? 0 : performance.now();
  }

  /** Fields of this call alone: metadata, and the time that is left. */
  fields(): HeaderField[] | undefined {
    if (this.#timeoutMs === undefined) return this.metadata;
    const left = Math.max(0, this.#timeoutMs - (performance.now() - this.#begunAt));
    const timeout: HeaderField = ["grpc-timeout", formatTimeout(left)];
    return this.metadata === undefined ? [timeout] : [timeout, ...this.metadata];
  }

  /** From now on the call fails at its deadline and when its signal aborts. */
  watch(call: PendingCall): void {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs !== undefined) {
      const expire = () => this.home.giveUp(call, deadlineError(timeoutMs));
      this.#timer = setTimeout(expire, Math.min(Math.ceil(timeoutMs), 0x7fffffff));
    }
    const { signal } = this;
    if (signal !== undefined) {
      this.#abort = () => this.home.giveUp(call, abortError(signal));
      setMaxListeners(0, signal); // One signal for many calls is no leak, and Node would warn of one at the eleventh.
      signal.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** The stream was reset: fails the call with what that means, at once or when the loss of the connection is explained. */
  failAfterReset(reason: ResetReason, fate: CallFate, fail: (error: ConnectError) => void): void {
    const timeoutMs = this.#timeoutMs;
    if (reason.by === "connection") {
      this.home.explainLoss(reason, (error, isExplained) => fail(isExplained ? withFate(error, fate) : error));
    } else if (timeoutMs !== undefined && performance.now() - this.#begunAt >= timeoutMs) {
      // A server whose timer was faster than ours may cancel the stream without a status (grpc-go does).
      fail(deadlineError(timeoutMs));
    } else {
      fail(errorFromReset(reason));
    }
  }

  /** The call is over: timer and listener end with it. */
  release(error?: unknown): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#abort !== undefined) this.signal?.removeEventListener("abort", this.#abort);
    this.record?.end(error);
  }
}

export function deadlineError(timeoutMs: number): ConnectError {
  return new ConnectError(`the operation timed out after ${timeoutMs} ms`, Code.DeadlineExceeded);
}

export function abortError(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
