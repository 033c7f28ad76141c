import type { Duplex } from "node:stream";
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { withFate } from "../client/fate.js";
import { interceptTransport } from "../client/interceptors.js";
import { Loss } from "../client/loss.js";
import { abortError, deadlineError } from "../client/pending-call.js";
import type { CloseReason } from "../http2/close-reason.js";
import { JsonRpcConnection } from "./connection.js";
import { formatRequest, readAnswer } from "./envelope.js";
import { MessageReader } from "./message-reader.js";
import { MessageWriter } from "./message-writer.js";
import { checkNames, nameOf } from "./names.js";
import { checkJsonRpcOptions, defaultMaxMessageBytes, type JsonRpcChannelOptions } from "./options.js";
import { JsonRpcCall, type PendingJsonCall } from "./pending-call.js";
import { isLongerThan, streamsRefused, tooLongToSend } from "./refusals.js";

/** What a JSON-RPC channel has seen so far. */
export interface JsonRpcCounters {
  /** Calls that were sent. */
  readonly calls: number;
  /** Answers to calls that had ended already: by deadline, by abort, or by an earlier answer. They were dropped. */
  readonly lateAnswers: number;
  /** Answers to calls that were never made, or without an id that could tell. They were dropped. */
  readonly unknownAnswers: number;
}

/** The calling end of a JSON-RPC connection. */
export interface JsonRpcChannel extends AsyncDisposable {
  /** For `createClient`. Streams fail with UNIMPLEMENTED, and metadata is not sent: the dialect has neither. */
  readonly transport: Transport;
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<CloseReason>;
  /** Calls that have begun and not ended. */
  readonly inFlight: number;
  /** Always rejects, with `ConnectError` UNIMPLEMENTED: the dialect has no ping. */
  ping(): Promise<number>;
  stats(): JsonRpcCounters;
  /**
   * No new calls, and tells the server at once that no more come: it answers what it has, as Go's does, and ends the connection. One
   * that ends without that fails what is in flight.
   */
  endRequests(): void;
  /** No new calls; ends the connection when those in flight have ended. */
  close(): Promise<CloseReason>;
  /** Ends now: calls in flight fail with UNAVAILABLE. */
  destroy(cause?: Error): void;
}

/**
 * Speaks JSON-RPC 1.0, as client, on a connected byte stream, in the dialect of Go's `net/rpc/jsonrpc`. The channel owns the stream
 * from now on and ends it. There is no handshake: the first call shows whether anybody answers.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createJsonRpcChannel(stream: Duplex, options: JsonRpcChannelOptions = {}): JsonRpcChannel {
  checkJsonRpcOptions(options);
  checkNames(options.names, []);
  return new Channel(stream, options);
}

class Channel implements JsonRpcChannel {
  readonly transport: Transport;
  readonly closed: Promise<CloseReason>;
  readonly #options: JsonRpcChannelOptions;
  readonly #maxMessageBytes: number;
  readonly #maxPendingCalls: number;
  readonly #maxQueuedBytes: number;
  readonly #connection: JsonRpcConnection;
  readonly #writer: MessageWriter;
  readonly #reader: MessageReader;
  readonly #loss: Loss;
  readonly #pending = new Map<number, PendingJsonCall>();
  #nextId = 0;
  #lateAnswers = 0;
  #unknownAnswers = 0;
  #isClosing = false;
  #end: CloseReason | undefined;
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(stream: Duplex, options: JsonRpcChannelOptions) {
    this.#options = options;
    this.#maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
    this.#maxPendingCalls = options.maxPendingCalls ?? 100_000;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 64 * 1024 * 1024;
    this.#writer = new MessageWriter(options.form ?? {});
    this.#reader = new MessageReader(options.form ?? {});
    this.#loss = new Loss(options.explainLoss);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#connection = new JsonRpcConnection(stream, this.#maxMessageBytes, {
      onValue: (text) => this.#take(text),
      onPeerEnded: () => false,
      onClosed: (reason) => this.#closed(reason),
      onDrain: () => {},
    });
    const bare: Transport = {
      unary: (method, signal, timeoutMs, _header, input) =>
        new Promise((resolve, reject) => {
          try {
            this.#call(method, signal, timeoutMs ?? options.defaultTimeoutMs, input, { resolve, reject });
          } catch (error) {
            reject(ConnectError.from(error, Code.Internal));
          }
        }),
      stream: (method) => Promise.reject(streamsRefused(method)),
    };
    const { interceptors = [] } = options;
    this.transport = interceptors.length === 0 ? bare : interceptTransport(bare, interceptors, "localhost");
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  ping(): Promise<number> {
    return Promise.reject(new ConnectError("JSON-RPC has no ping; make a call instead", Code.Unimplemented));
  }

  stats(): JsonRpcCounters {
    return { calls: this.#nextId, lateAnswers: this.#lateAnswers, unknownAnswers: this.#unknownAnswers };
  }

  endRequests(): void {
    this.#isClosing = true;
    this.#connection.writer.end();
  }

  close(): Promise<CloseReason> {
    this.#isClosing = true;
    this.#settle();
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    this.#connection.destroy({ kind: "closed", message, cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    input: MessageInitShape<I>,
    settlers: { resolve: (response: UnaryResponse<I, O>) => void; reject: (error: unknown) => void },
  ): void {
    if (signal?.aborted === true) throw abortError(signal);
    if (timeoutMs !== undefined && timeoutMs <= 0) throw deadlineError(timeoutMs);
    const line = formatRequest(
      this.#nextId,
      nameOf(method, this.#options.names),
      this.#writer.write(method.input, input),
    );
    if (isLongerThan(line, this.#maxMessageBytes)) throw tooLongToSend(this.#maxMessageBytes);
    const call = new JsonRpcCall(method, this.#reader, settlers);
    if (this.#end !== undefined) return this.#fail(call, this.#end, false);
    const refusal = this.#refusal();
    if (refusal !== undefined) return call.fail(refusal);
    const id = this.#nextId++;
    this.#pending.set(id, call);
    call.watch(timeoutMs, signal, () => {
      this.#pending.delete(id);
      this.#settle();
    });
    this.#connection.writer.write(line);
  }

  /** Why no call may begin now. */
  #refusal(): ConnectError | undefined {
    if (this.#isClosing) return new ConnectError("the channel was closed", Code.Unavailable);
    const { queuedBytes } = this.#connection.writer;
    if (this.#pending.size < this.#maxPendingCalls && queuedBytes < this.#maxQueuedBytes) return undefined;
    const text = `${this.#pending.size} calls are under way and ${queuedBytes} bytes of requests were not read yet; that is the limit`;
    return new ConnectError(text, Code.ResourceExhausted);
  }

  #take(text: string): void {
    const answer = readAnswer(text);
    const { id } = answer;
    const call = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (call === undefined) {
      if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < this.#nextId) this.#lateAnswers++;
      else this.#unknownAnswers++;
      return;
    }
    this.#pending.delete(id as number);
    call.answer(answer);
    this.#settle();
  }

  #settle(): void {
    if (!this.#isClosing || this.#pending.size > 0) return;
    this.#connection.end({ kind: "closed", message: "the channel was closed" });
  }

  #closed(reason: CloseReason): void {
    this.#end = reason;
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of calls) this.#fail(call, reason, true);
    this.#resolveClosed(reason);
  }

  /** Fails a call whose connection is gone. What the peer broke, nobody else can explain better. */
  #fail(call: PendingJsonCall, reason: CloseReason, wasSent: boolean): void {
    const fail = (error: ConnectError) => call.fail(wasSent ? withFate(error, "sent") : error);
    if (reason.kind === "error") {
      fail(new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason.cause));
    } else {
      this.#loss.fail(reason, reason, fail);
    }
  }
}
