import type { Duplex } from "node:stream";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { WireCounters } from "../diagnostics/counters.js";
import type { CloseReason } from "../http2/close-reason.js";
import { ErrorCode } from "../http2/constants.js";
import type { ResetReason } from "../http2/stream.js";
import { ClientConnection, type ClientConnectionOwner } from "./client-connection.js";
import type { ChannelOptions } from "./options.js";
import type { PendingCall } from "./pending-call.js";
import { type PingOptions, pingWithin } from "./ping.js";
import { type CallStarter, createTransport } from "./transport.js";

/** The client end of a gRPC channel on one byte stream. */
export interface Channel extends AsyncDisposable {
  /** For Connect-ES's `createClient`. */
  readonly transport: Transport;
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<CloseReason>;
  /** Calls that have begun and not ended. */
  readonly inFlight: number;
  /** Round trip of an HTTP/2 PING in milliseconds. Rejects when the connection ends, the signal aborts or the time is over. */
  ping(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<number>;
  /** What the connection has done so far. */
  stats(): WireCounters;
  /** No new calls; resolves when those in flight have ended. */
  close(): Promise<CloseReason>;
  /** Ends now: calls in flight fail with UNAVAILABLE. */
  destroy(cause?: Error): void;
}

/**
 * Speaks gRPC, as client, on a connected byte stream. The channel owns the stream from now on and ends it.
 * One connection, no reconnect (that is `dial`): when it is gone, calls fail with UNAVAILABLE and `closed` resolves.
 */
export function createChannel(stream: Duplex, options: ChannelOptions = {}): Channel {
  return new ClientChannel(stream, options);
}

class ClientChannel implements Channel, CallStarter, ClientConnectionOwner {
  readonly transport: Transport;
  readonly closed: Promise<CloseReason>;
  readonly maxReplayBytes = 0;
  readonly #explainLoss: ChannelOptions["explainLoss"];
  readonly #maxQueuedCalls: number;
  readonly #client: ClientConnection;
  readonly #queue = new Set<PendingCall>();
  #resolveClosed!: (reason: CloseReason) => void;
  #explanation: Promise<{ message: string; cause?: unknown }> | undefined;

  constructor(stream: Duplex, options: ChannelOptions) {
    this.#explainLoss = options.explainLoss;
    this.#maxQueuedCalls = options.maxQueuedCalls ?? 100_000;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.transport = createTransport(options, this);
    this.#client = new ClientConnection(stream, options, this);
  }

  get inFlight(): number {
    return this.#client.connection.streams.size + this.#queue.size;
  }

  ping(options: PingOptions = {}): Promise<number> {
    return pingWithin(this.#client.connection.pings, options);
  }

  stats(): WireCounters {
    return this.#client.connection.counters.snapshot();
  }

  close(): Promise<CloseReason> {
    for (const call of this.#queue) call.fail(new ConnectError("the channel was closed", Code.Unavailable));
    this.#queue.clear();
    this.#client.connection.drain();
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    this.#client.connection.destroy({ kind: "closed", message, cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  start(call: PendingCall): void {
    const { connection } = this.#client;
    if (connection.mayOpen && this.#queue.size === 0) {
      this.#client.begin(call);
    } else if (connection.exhausted) {
      return this.#refuse(call);
    } else if (this.#queue.size >= this.#maxQueuedCalls) {
      return call.fail(queueFull(this.#queue.size));
    } else {
      call.hold();
      this.#queue.add(call);
    }
    call.started.watch(call);
    connection.output.flushEarly();
  }

  retry(): boolean {
    return false;
  }

  giveUp(call: PendingCall, error: ConnectError): void {
    this.#queue.delete(call);
    call.fail(error);
  }

  explainLoss(reason: ResetReason, fail: (error: ConnectError) => void): void {
    const { closed } = this.#client.connection;
    if (this.#explainLoss === undefined || closed === undefined || closed.kind === "closed") {
      fail(new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason.cause));
      return;
    }
    this.#explanation ??= this.#explainLoss(closed).catch((cause: unknown) => ({ message: reason.message, cause }));
    void this.#explanation.then(({ message, cause }) => {
      fail(new ConnectError(message, Code.Unavailable, undefined, undefined, cause));
    });
  }

  onRoom({ connection }: ClientConnection): void {
    for (const call of this.#queue) {
      if (connection.exhausted) this.#refuse(call);
      else if (connection.mayOpen) this.#client.begin(call);
      else return;
      this.#queue.delete(call);
    }
  }

  onClosed(reason: CloseReason): void {
    for (const call of this.#queue) call.onReset({ errorCode: 0, by: "connection", message: reason.message });
    this.#queue.clear();
    this.#resolveClosed(reason);
  }

  /** The connection takes no new streams: the call was never sent and may be repeated elsewhere. */
  #refuse(call: PendingCall): void {
    const { closed } = this.#client.connection;
    const message = `the call was not sent: ${closed?.message ?? "the peer takes no new calls"}`;
    const reason = { errorCode: ErrorCode.refusedStream, by: "connection", message, cause: closed?.cause } as const;
    this.explainLoss(reason, (error) => call.fail(error));
  }
}

/** The error of a call that finds too many others waiting. */
export function queueFull(waiting: number): ConnectError {
  return new ConnectError(`${waiting} calls wait for their turn already (maxQueuedCalls)`, Code.ResourceExhausted);
}
