import type { Duplex } from "node:stream";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { Counters, type WireCounters } from "../diagnostics/counters.js";
import { Attempt } from "../dial/attempt.js";
import type { CloseReason } from "../http2/close-reason.js";
import { checkChannelOptions } from "../options/ranges.js";
import type { ResetReason } from "../http2/stream.js";
import { ClientConnection, type ClientConnectionOwner } from "./client-connection.js";
import { Loss } from "./loss.js";
import type { ChannelOptions } from "./options.js";
import type { FailAfterLoss, PendingCall } from "./pending-call.js";
import { type Pinger, type PingOptions, pingWithin } from "./ping.js";
import { type CallStarter, createTransport } from "./transport.js";

/** How long the next byte stream may take to come. */
const renewTimeoutMs = 20_000;

/** The client end of a gRPC channel on one byte stream. */
export interface Channel extends AsyncDisposable {
  /** For `createClient`, ours or that of Connect-ES. */
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
 * No reconnect (that is `dial`): when the connection is gone, calls fail with UNAVAILABLE and `closed` resolves.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createChannel(stream: Duplex, options: ChannelOptions = {}): Channel {
  checkChannelOptions(options);
  return new ClientChannel(stream, options);
}

class ClientChannel implements Channel, CallStarter, ClientConnectionOwner {
  readonly transport: Transport;
  readonly closed: Promise<CloseReason>;
  readonly maxReplayBytes = 0;
  readonly #options: ChannelOptions;
  readonly #loss: Loss;
  readonly #maxQueuedCalls: number;
  /** Of the connections that have ended. */
  readonly #counters = new Counters();
  /** Takes calls, unless its identifiers are used up. */
  #client: ClientConnection;
  /** Identifiers used up, calls still there. */
  readonly #retired = new Set<ClientConnection>();
  readonly #queue = new Set<PendingCall>();
  /** Makes the next connection. */
  #renewal: Attempt | undefined;
  /** Wait for the end of the renewal. */
  #renewed: (() => void)[] = [];
  /** How the channel ends, or would if nothing else happened: the connection's own end where it is not set. */
  #end: CloseReason | undefined;
  #isClosing = false;
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(stream: Duplex, options: ChannelOptions) {
    this.#options = options;
    this.#loss = new Loss(options.explainLoss);
    this.#maxQueuedCalls = options.maxQueuedCalls ?? 100_000;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.transport = createTransport(options, this);
    this.#client = new ClientConnection(stream, options, this);
  }

  get inFlight(): number {
    let count = this.#client.connection.streams.size + this.#queue.size;
    for (const { connection } of this.#retired) count += connection.streams.size;
    return count;
  }

  ping(options: PingOptions = {}): Promise<number> {
    return pingWithin(this.#renewal === undefined ? this.#client.connection.pings : this.#nextPings, options);
  }

  /** Those of the connection that is being made. */
  readonly #nextPings: Pinger = {
    ping: async (signal) => {
      await new Promise<void>((resolve) => {
        this.#renewed.push(resolve);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
      return await this.#client.connection.pings.ping(signal);
    },
  };

  stats(): WireCounters {
    const total = new Counters().add(this.#counters);
    for (const { connection } of new Set([this.#client, ...this.#retired])) {
      if (connection.closed === undefined) total.add(connection.counters);
    }
    return total.snapshot();
  }

  close(): Promise<CloseReason> {
    this.#stopTaking("the channel was closed");
    this.#client.connection.drain();
    this.#settle();
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    this.#stopTaking(message);
    for (const { connection } of new Set([this.#client, ...this.#retired])) {
      connection.destroy({ kind: "closed", message, cause });
    }
    this.#settle();
  }

  #stopTaking(message: string): void {
    this.#isClosing = true;
    this.#renewal?.cancel(new Error(message));
    this.#renewalEnded();
    const calls = [...this.#queue];
    this.#queue.clear();
    for (const call of calls) call.fail(new ConnectError(message, Code.Unavailable));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  start(call: PendingCall): void {
    const { connection } = this.#client;
    if (connection.mayOpen && this.#queue.size === 0) {
      call.started.watch(call);
      this.#client.begin(call);
      if (connection.exhausted) this.#renew();
    } else if (connection.exhausted && !this.#mayRenew()) {
      return this.#refuse(call);
    } else if (this.#queue.size >= this.#maxQueuedCalls) {
      return call.fail(queueFull(this.#queue.size));
    } else {
      call.hold();
      call.started.watch(call);
      this.#queue.add(call);
      this.#renew();
    }
    connection.output.flushEarly();
  }

  retry(): boolean {
    return false;
  }

  giveUp(call: PendingCall, error: ConnectError): void {
    this.#queue.delete(call);
    call.fail(error);
  }

  explainLoss(reason: ResetReason, fail: FailAfterLoss): void {
    this.#loss.fail(reason.closed, reason, fail);
  }

  onRoom(client: ClientConnection): void {
    if (client !== this.#client || this.#queue.size === 0) return;
    const { connection } = client;
    for (const call of this.#queue) {
      if (connection.mayOpen) client.begin(call);
      else if (connection.exhausted && !this.#mayRenew()) this.#refuse(call);
      else break;
      this.#queue.delete(call);
    }
    if (connection.exhausted) this.#renew();
  }

  onClosed(reason: CloseReason, client: ClientConnection): void {
    this.#counters.add(client.connection.counters);
    this.#retired.delete(client);
    if (client === this.#client && !this.#mayRenew()) {
      const calls = [...this.#queue];
      this.#queue.clear();
      for (const call of calls) {
        call.onReset({ errorCode: 0, by: "connection", message: reason.message, closed: reason });
      }
      // What has become of the newest connection has become of the peer.
      if (reason.kind === "lost" || reason.kind === "error") {
        for (const { connection } of this.#retired) connection.finish(reason);
      }
    }
    this.#settle();
  }

  /** Whether the connection takes no more calls for no other reason than that it had all that it can have. */
  #mayRenew(): boolean {
    const { connection } = this.#client;
    if (this.#options.renew === undefined || this.#isClosing || !connection.streams.exhausted) return false;
    return !connection.goneAway && (connection.closed === undefined || connection.closed.kind === "closed");
  }

  /** Makes the next connection, where that is due. */
  #renew(): void {
    if (this.#renewal !== undefined || !this.#mayRenew()) return;
    this.#end = undefined;
    const { renew } = this.#options;
    this.#renewal = new Attempt(
      async (signal) => await renew!(signal),
      renewTimeoutMs,
      (stream) => {
        this.#renewal?.done();
        if (this.#client.connection.closed === undefined) this.#retired.add(this.#client);
        this.#client = new ClientConnection(stream, this.#options, this);
        this.#renewalEnded();
        this.onRoom(this.#client);
      },
      (cause) => {
        this.#renewalEnded();
        this.#end = { kind: "lost", message: `no further connection could be made: ${cause.message}`, cause };
        const calls = [...this.#queue];
        this.#queue.clear();
        for (const call of calls) this.#refuse(call);
        this.#settle();
      },
    );
  }

  #renewalEnded(): void {
    this.#renewal = undefined;
    const renewed = this.#renewed;
    this.#renewed = [];
    for (const resolve of renewed) resolve();
  }

  /** The channel has ended when its connections have, and no other is being made. */
  #settle(): void {
    const { closed } = this.#client.connection;
    if (closed === undefined || this.#retired.size > 0 || this.#renewal !== undefined) return;
    this.#isClosing = true;
    this.#resolveClosed(this.#end ?? closed);
  }

  /** The connection takes no new streams: the call was never sent and may be repeated elsewhere. */
  #refuse(call: PendingCall): void {
    const closed = this.#end ?? this.#client.connection.closed;
    const message = `the call was not sent: ${closed?.message ?? "the peer takes no new calls"}`;
    this.#loss.fail(closed, { message, cause: closed?.cause }, (error) => call.fail(error));
  }
}

/** The error of a call that finds too many others waiting. */
export function queueFull(waiting: number): ConnectError {
  return new ConnectError(`${waiting} calls wait for their turn already (maxQueuedCalls)`, Code.ResourceExhausted);
}
