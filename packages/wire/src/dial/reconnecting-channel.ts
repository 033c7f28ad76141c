import type { Duplex } from "node:stream";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { queueFull } from "../client/channel.js";
import { abortError, type FailAfterLoss, type PendingCall } from "../client/pending-call.js";
import { type PingOptions, pingWithin } from "../client/ping.js";
import { type CallStarter, createTransport } from "../client/transport.js";
import type { CloseReason } from "../http2/close-reason.js";
import type { ResetReason } from "../http2/stream.js";
import { Connector } from "./connector.js";
import type { DialedChannel, DialStats } from "./dialed-channel.js";
import type { DialOptions } from "./options.js";
import type { DialState, DialStateListener } from "./state.js";
import { WaitingCalls } from "./waiting-calls.js";

const defaultMaxReplayBytes = 256 * 1024;

/** Calls, and which of them have to wait for what; the connections are the Connector's. */
export class ReconnectingChannel implements DialedChannel, CallStarter {
  readonly transport: Transport;
  readonly maxReplayBytes: number;
  readonly #options: DialOptions;
  readonly #maxQueuedCalls: number;
  readonly #maxRetries: number;
  readonly #waiting = new WaitingCalls();
  readonly #connector: Connector;
  #retries = 0;
  #isPumpDue = false;

  constructor(connect: (signal: AbortSignal) => Promise<Duplex> | Duplex, options: DialOptions) {
    this.#options = options;
    this.#maxQueuedCalls = options.maxQueuedCalls ?? 100_000;
    this.#maxRetries = options.maxTransparentRetries ?? 5;
    this.maxReplayBytes = this.#maxRetries > 0 ? (options.maxReplayBytes ?? defaultMaxReplayBytes) : 0;
    this.#connector = new Connector(connect, options, this.#waiting, (call) => this.#mayWait(call));
    this.transport = createTransport(options, this);
  }

  get state(): DialState {
    return this.#connector.state.current;
  }

  get inFlight(): number {
    return this.#connector.inFlight + this.#waiting.size;
  }

  get closed(): Promise<CloseReason> {
    return this.#connector.closed;
  }

  onStateChange(listener: DialStateListener): () => void {
    return this.#connector.state.listen(listener);
  }

  async ready({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (signal?.aborted === true) throw abortError(signal);
    if (this.state === "closed") throw this.#closedError();
    if (this.#connector.current !== undefined) return;
    await new Promise<void>((resolve, reject) => {
      const abort = () => settle(abortError(signal!));
      const settle = (error: ConnectError | undefined) => {
        signal?.removeEventListener("abort", abort);
        unwatch();
        this.#connector.needChanged();
        if (error === undefined) resolve();
        else reject(error);
      };
      const unwatch = this.#waiting.watch(settle);
      signal?.addEventListener("abort", abort, { once: true });
      this.#connector.needChanged();
    });
  }

  async ping(options: PingOptions = {}): Promise<number> {
    const { signal, timeoutMs } = options;
    const begunAt = performance.now();
    const late = new AbortController();
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(
            () => late.abort(new DOMException(`no connection within ${timeoutMs} ms`, "TimeoutError")),
            timeoutMs,
          );
    try {
      await this.ready({ signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]) });
    } finally {
      clearTimeout(timer);
    }
    const { current } = this.#connector;
    if (current === undefined) throw new ConnectError("the connection is gone again", Code.Unavailable);
    if (timeoutMs === undefined) return await pingWithin(current.connection.pings, options);
    const left = Math.max(1, timeoutMs - (performance.now() - begunAt));
    return await pingWithin(current.connection.pings, { ...options, timeoutMs: left });
  }

  stats(): DialStats {
    return { ...this.#connector.stats(), retries: this.#retries };
  }

  close(): Promise<CloseReason> {
    return this.#connector.close({ kind: "closed", message: "the channel was closed" });
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    this.#connector.destroy({ kind: "closed", message, cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  start(call: PendingCall): void {
    const { current } = this.#connector;
    // The request is needed again when the server refuses the call.
    call.hold();
    if (current !== undefined && this.#waiting.size === 0 && current.connection.mayOpen) {
      call.started.watch(call);
      current.begin(call);
      current.connection.output.flushEarly();
      return;
    }
    if (this.state === "closed") return call.fail(this.#closedError());
    if (!this.#mayWait(call)) return this.#connector.failUnavailable([call]);
    if (this.#waiting.size >= this.#maxQueuedCalls) return call.fail(queueFull(this.#waiting.size));
    call.started.watch(call);
    this.#waiting.add(call);
    this.#connector.needChanged();
  }

  retry(call: PendingCall): boolean {
    if (this.state === "closed" || !this.#mayWait(call) || call.started.refusals >= this.#maxRetries) return false;
    call.started.refusals++;
    this.#retries++;
    this.#waiting.add(call);
    if (!this.#isPumpDue) {
      this.#isPumpDue = true;
      // Later: the connection is in the middle of the frame that refused the call, and may be about to end.
      queueMicrotask(() => {
        this.#isPumpDue = false;
        this.#connector.needChanged();
      });
    }
    return true;
  }

  giveUp(call: PendingCall, error: ConnectError): void {
    this.#waiting.delete(call);
    call.fail(error);
    this.#connector.needChanged();
  }

  explainLoss(reason: ResetReason, fail: FailAfterLoss): void {
    this.#connector.loss.fail(reason.closed, reason, fail);
  }

  /** Whether a call waits in this state, rather than to fail. */
  #mayWait(call: PendingCall): boolean {
    return this.state !== "backoff" || (call.started.waitForReady ?? this.#options.waitForReady ?? false);
  }

  #closedError(): ConnectError {
    return new ConnectError(`the call was not sent: ${this.#connector.closeReason!.message}`, Code.Unavailable);
  }
}
