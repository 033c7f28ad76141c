import type { Duplex } from "node:stream";
import {
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { MessageEncoder } from "../codec/message-encoder.js";
import { fieldsFromHeaders, type MetadataInit } from "../grpc/metadata.js";
import { type CloseReason, Connection, type ConnectionOwner } from "../http2/connection.js";
import { defaultLimits } from "../http2/limits.js";
import { ErrorCode, FrameType, preface, Setting } from "../http2/constants.js";
import { HeaderTemplate } from "../http2/header-template.js";
import { formatSettings } from "../http2/settings.js";
import type { ResetReason } from "../http2/stream.js";
import { intercepted } from "./interceptors.js";
import type { ChannelOptions } from "./options.js";
import { abortError, deadlineError, type PendingCall, StartedCall } from "./pending-call.js";
import { StreamCall, tooLargeToSend } from "./stream-call.js";
import { UnaryCall } from "./unary-call.js";

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
  /** No new calls; resolves when those in flight have ended. */
  close(): Promise<CloseReason>;
  /** Ends now: calls in flight fail with UNAVAILABLE. */
  destroy(cause?: Error): void;
}

/**
 * Speaks gRPC, as client, on a connected byte stream. The channel owns the stream from now on and ends it.
 * One connection, no reconnect: when it is gone, calls fail with UNAVAILABLE and `closed` resolves.
 */
export function createChannel(stream: Duplex, options: ChannelOptions = {}): Channel {
  return new ClientChannel(stream, options);
}

class ClientChannel implements Channel, ConnectionOwner {
  readonly transport: Transport;
  readonly closed: Promise<CloseReason>;
  readonly #options: ChannelOptions;
  readonly #maxReceiveBytes: number;
  readonly #maxSendBytes: number;
  readonly #maxQueuedCalls: number;
  readonly #scheme: "http" | "https";
  readonly #encoder = new MessageEncoder();
  readonly #connection: Connection;
  readonly #templates = new Map<DescMethod, HeaderTemplate>();
  readonly #queue = new Set<PendingCall>();
  #resolveClosed!: (reason: CloseReason) => void;
  #explanation: Promise<{ message: string; cause?: unknown }> | undefined;
  readonly #explain = (reason: ResetReason, fail: (error: ConnectError) => void) => this.#explainLoss(reason, fail);

  constructor(stream: Duplex, options: ChannelOptions) {
    this.#options = options;
    this.#maxReceiveBytes = options.maxReceiveMessageBytes ?? 0x7fffffff;
    this.#maxSendBytes = options.maxSendMessageBytes ?? 0x7fffffff;
    this.#scheme = "encrypted" in stream ? "https" : "http";
    this.#maxQueuedCalls = options.maxQueuedCalls ?? 100_000;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    const bare: Transport = {
      unary: (method, signal, timeoutMs, header, input) => this.#unary(method, signal, timeoutMs, header, input),
      stream: (method, signal, timeoutMs, header, input) => this.#stream(method, signal, timeoutMs, header, input),
    };
    this.transport =
      options.interceptors === undefined || options.interceptors.length === 0
        ? bare
        : intercepted(bare, options.interceptors, options.authority ?? "localhost");
    this.#connection = new Connection(
      "client",
      stream,
      {
        ...defaultLimits,
        streamWindowBytes: options.streamWindowBytes ?? defaultLimits.streamWindowBytes,
        connectionWindowBytes: options.connectionWindowBytes ?? defaultLimits.connectionWindowBytes,
        maxHeaderListBytes: options.maxHeaderListBytes ?? defaultLimits.maxHeaderListBytes,
      },
      this,
    );
  }

  get inFlight(): number {
    return this.#connection.streams.size + this.#queue.size;
  }

  ping(options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<number> {
    const signals = [
      ...(options.signal === undefined ? [] : [options.signal]),
      ...(options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)]),
    ];
    return this.#connection.pings.ping(signals.length === 0 ? undefined : AbortSignal.any(signals));
  }

  close(): Promise<CloseReason> {
    for (const call of this.#queue) call.fail(new ConnectError("the channel was closed", Code.Unavailable));
    this.#queue.clear();
    this.#connection.drain();
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    this.#connection.destroy({ kind: "closed", message, cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  open(connection: Connection): void {
    const { output } = connection;
    const bytes = Buffer.from(preface, "latin1");
    output.reserve(bytes.length).set(bytes, output.position);
    output.advance(output.position + bytes.length);
    const settings = formatSettings([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, connection.limits.streamWindowBytes],
      [Setting.maxHeaderListSize, this.#options.maxHeaderListBytes ?? defaultLimits.maxHeaderListBytes],
    ]);
    output.frame(FrameType.settings, 0, 0, settings);
  }

  accept(): never {
    throw new Error("a server opens no streams");
  }

  onRoom(): void {
    for (const call of this.#queue) {
      if (this.#connection.exhausted) this.#refuse(call);
      else if (this.#connection.mayOpen) call.begin(this.#connection.openStream(call));
      else return;
      this.#queue.delete(call);
    }
  }

  onClosed(reason: CloseReason): void {
    for (const call of this.#queue) call.onReset({ errorCode: 0, by: "connection", message: reason.message });
    this.#queue.clear();
    this.#resolveClosed(reason);
  }

  #unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeout: number | undefined,
    header: MetadataInit | undefined,
    input: MessageInitShape<I>,
  ): Promise<UnaryResponse<I, O>> {
    const timeoutMs = timeout ?? this.#options.defaultTimeoutMs;
    return new Promise((resolve, reject) => {
      try {
        const request = this.#encoder.encode(method.input, input);
        if (request.length > this.#maxSendBytes) throw tooLargeToSend(request.length, this.#maxSendBytes);
        const started = this.#prepare(method, signal, timeoutMs, header);
        this.#start(new UnaryCall(started, method, request, this.#maxReceiveBytes, resolve, reject));
      } catch (error) {
        reject(ConnectError.from(error, Code.Internal));
      }
    });
  }

  #stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: MetadataInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
  ): Promise<StreamResponse<I, O>> {
    return new Promise((resolve, reject) => {
      try {
        const started = this.#prepare(method, signal, timeoutMs, header);
        const limits = { receive: this.#maxReceiveBytes, send: this.#maxSendBytes };
        this.#start(new StreamCall(started, method, input, this.#encoder, limits, resolve, reject));
      } catch (error) {
        reject(ConnectError.from(error, Code.Internal));
      }
    });
  }

  #prepare(
    method: DescMethod,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: MetadataInit | undefined,
  ): StartedCall {
    if (signal?.aborted === true) throw abortError(signal);
    if (timeoutMs !== undefined && timeoutMs <= 0) throw deadlineError(timeoutMs);
    const metadata = header === undefined ? undefined : fieldsFromHeaders(header);
    return new StartedCall(this.#template(method), metadata, timeoutMs, signal, this.#explain);
  }

  #template(method: DescMethod): HeaderTemplate {
    let template = this.#templates.get(method);
    if (template === undefined) {
      template = new HeaderTemplate([
        [":method", "POST"],
        [":scheme", this.#scheme],
        [":path", `/${method.parent.typeName}/${method.name}`],
        [":authority", this.#options.authority ?? "localhost"],
        ["content-type", "application/grpc"],
        ["te", "trailers"],
        ["user-agent", "tenon"],
      ]);
      this.#templates.set(method, template);
    }
    return template;
  }

  #start(call: PendingCall): void {
    if (this.#connection.mayOpen && this.#queue.size === 0) {
      call.begin(this.#connection.openStream(call));
    } else if (this.#connection.exhausted) {
      return this.#refuse(call);
    } else if (this.#queue.size >= this.#maxQueuedCalls) {
      return call.fail(
        new ConnectError(
          `${this.#queue.size} calls wait for the server's stream limit (maxQueuedCalls)`,
          Code.ResourceExhausted,
        ),
      );
    } else {
      call.hold();
      this.#queue.add(call);
    }
    call.started.watch((error) => {
      this.#queue.delete(call);
      call.fail(error);
    });
    this.#connection.output.flushEarly();
  }

  /** The connection takes no new streams: the call was never sent and may be repeated elsewhere. */
  #refuse(call: PendingCall): void {
    const closed = this.#connection.closed;
    const message = `the call was not sent: ${closed?.message ?? "the peer takes no new calls"}`;
    this.#explainLoss(
      { errorCode: ErrorCode.refusedStream, by: "connection", message, cause: closed?.cause },
      (error) => call.fail(error),
    );
  }

  #explainLoss(reason: ResetReason, fail: (error: ConnectError) => void): void {
    const { explainLoss } = this.#options;
    const closed = this.#connection.closed;
    if (explainLoss === undefined || closed === undefined || closed.kind === "closed") {
      fail(new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason.cause));
      return;
    }
    this.#explanation ??= explainLoss(closed).catch((cause: unknown) => ({ message: reason.message, cause }));
    void this.#explanation.then(({ message, cause }) => {
      fail(new ConnectError(message, Code.Unavailable, undefined, undefined, cause));
    });
  }
}
