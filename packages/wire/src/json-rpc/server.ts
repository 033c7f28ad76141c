import type { Duplex } from "node:stream";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { recordCall } from "../diagnostics/call-record.js";
import { statusFromThrown } from "../grpc/thrown.js";
import type { CloseReason } from "../http2/close-reason.js";
import { CallContext } from "../server/context.js";
import { JsonRpcConnection } from "./connection.js";
import { formatFailure, formatResult, type JsonRpcRequest, readRequest } from "./envelope.js";
import { textFromThrown } from "./error-text.js";
import type { ExactJson } from "./json-text.js";
import { MessageReader } from "./message-reader.js";
import { MessageWriter } from "./message-writer.js";
import { checkJsonRpcOptions, defaultMaxMessageBytes, type JsonRpcServerOptions } from "./options.js";
import { isLongerThan, tooLongToSend } from "./refusals.js";
import { GoError, type JsonRpcService, NamedMethods } from "./served-methods.js";

/** No more requests are read while so many bytes of answers wait for the peer. */
const maxUnreadBytes = 1024 * 1024;

/** The serving end of a JSON-RPC connection. */
export interface JsonRpcServer extends AsyncDisposable {
  /** Resolves when the connection has ended and every call of it is over, however it ended. */
  readonly closed: Promise<CloseReason>;
  /** Calls that were not answered yet. */
  readonly inFlight: number;
  /** Resolves when the peer has said that it sends no more requests, or the connection has ended. */
  readonly peerEnded: Promise<void>;
  /** Reads no more requests, answers those in flight, and ends the connection. After `graceMs` (default 5000) it ends without them. */
  close(options?: { readonly graceMs?: number }): Promise<CloseReason>;
  /** Ends now; handlers in flight are aborted. */
  destroy(cause?: Error): void;
}

/**
 * Serves JSON-RPC 1.0 on a connected byte stream, in the dialect of Go's `net/rpc/jsonrpc`: calls run side by side, answers leave in
 * the order in which they are ready, and when the peer has ended its side, what is in flight is answered and the connection ends.
 * The server owns the stream from now on. Methods with streams answer UNIMPLEMENTED.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function serveJsonRpc(
  stream: Duplex,
  services: readonly JsonRpcService[],
  options: JsonRpcServerOptions = {},
): JsonRpcServer {
  checkJsonRpcOptions(options);
  return new Server(stream, new NamedMethods(services, options.names, options.interceptors ?? []), options);
}

class Server implements JsonRpcServer {
  readonly closed: Promise<CloseReason>;
  readonly peerEnded: Promise<void>;
  readonly #methods: NamedMethods;
  readonly #options: JsonRpcServerOptions;
  readonly #maxMessageBytes: number;
  readonly #maxConcurrentCalls: number;
  readonly #writer: MessageWriter;
  readonly #reader: MessageReader;
  readonly #connection: JsonRpcConnection;
  readonly #contexts = new Set<CallContext>();
  #isDraining = false;
  #isPaused = false;
  /** How it ends when nothing is left to be answered. */
  #reason: CloseReason = { kind: "closed", message: "the server was closed" };
  #timer: NodeJS.Timeout | undefined;
  #resolveClosed!: (reason: CloseReason) => void;
  #resolvePeerEnded!: () => void;

  constructor(stream: Duplex, methods: NamedMethods, options: JsonRpcServerOptions) {
    this.#methods = methods;
    this.#options = options;
    this.#maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
    this.#maxConcurrentCalls = options.maxConcurrentCalls ?? 10_000;
    this.#writer = new MessageWriter(options.form ?? {});
    this.#reader = new MessageReader(options.form ?? {});
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.peerEnded = new Promise((resolve) => (this.#resolvePeerEnded = resolve));
    this.#connection = new JsonRpcConnection(stream, this.#maxMessageBytes, {
      onValue: (text) => this.#take(text),
      onPeerEnded: () => {
        this.#resolvePeerEnded();
        this.#isDraining = true;
        this.#reason = { kind: "lost", message: "the other side ended the connection" };
        return this.#contexts.size > 0;
      },
      onClosed: (reason) => this.#closed(reason),
      onDrain: () => this.#adjust(),
    });
  }

  get inFlight(): number {
    return this.#contexts.size;
  }

  close(options: { readonly graceMs?: number } = {}): Promise<CloseReason> {
    const { graceMs = 5000 } = options;
    if (this.#connection.isClosed) return this.closed;
    this.#isDraining = true;
    this.#connection.pause();
    this.#timer ??= setTimeout(() => this.destroy(new Error(`calls were not answered within ${graceMs} ms`)), graceMs);
    this.#settle();
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the server was closed" : `the server was closed: ${cause.message}`;
    this.#connection.destroy({ kind: "closed", message, cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(text: string): void {
    const request = readRequest(text);
    // What came in one piece with the last request that was read is not looked at any more.
    if (this.#isDraining) return;
    this.#run(request);
    this.#adjust();
  }

  #run(request: JsonRpcRequest): void {
    let served;
    try {
      served = this.#methods.find(request.method);
    } catch (error) {
      return this.#connection.writer.write(formatFailure(request.id, textOf(error)));
    }
    const { method, spec } = served;
    const context = new CallContext(method, [], undefined, this.#options.contextValues);
    const record = recordCall("server", method);
    this.#contexts.add(context);
    const finish = (line: string, error: ConnectError | undefined): void => {
      if (!this.#contexts.delete(context)) return;
      record?.end(error);
      context.end(error);
      this.#connection.writer.write(line);
      this.#settle();
      this.#adjust();
    };
    const fail = (thrown: unknown) => finish(formatFailure(request.id, textOf(thrown)), statusFromThrown(thrown).error);
    const answer = (message: MessageInitShape<DescMessage>) => {
      try {
        finish(this.#formatAnswer(request.id, method.output, message), undefined);
      } catch (error) {
        fail(error);
      }
    };
    try {
      const answered = spec.impl(this.#readParam(request.params, method.input), context);
      if (answered instanceof Promise) answered.then(answer, fail);
      else answer(answered);
    } catch (error) {
      fail(error);
    }
  }

  #readParam(params: ExactJson | undefined, type: DescMessage) {
    if (params === undefined) throw new GoError("jsonrpc: request body missing params");
    if (!Array.isArray(params)) throw invalid("params must be a list that holds the one parameter");
    try {
      return this.#reader.read(type, params[0]);
    } catch (cause) {
      throw invalid(`the parameter is no ${type.typeName}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  #formatAnswer(id: ExactJson, type: DescMessage, message: MessageInitShape<DescMessage>): string {
    const result = this.#writer.write(type, message);
    if (result === "null") throw new ConnectError(`a ${type.typeName} that is null cannot be sent`, Code.Internal);
    const line = formatResult(id, result);
    if (isLongerThan(line, this.#maxMessageBytes)) throw tooLongToSend(this.#maxMessageBytes);
    return line;
  }

  /** Reads on or not, as there is room for more. */
  #adjust(): void {
    if (this.#isDraining) return;
    const { queuedBytes } = this.#connection.writer;
    const isFull = this.#contexts.size >= this.#maxConcurrentCalls || queuedBytes > maxUnreadBytes;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#connection.pause();
    else this.#connection.resume();
  }

  #settle(): void {
    if (!this.#isDraining || this.#contexts.size > 0) return;
    this.#connection.end(this.#reason);
  }

  #closed(reason: CloseReason): void {
    clearTimeout(this.#timer);
    const contexts = [...this.#contexts];
    this.#contexts.clear();
    for (const context of contexts) context.end(new ConnectError(reason.message, Code.Canceled));
    this.#resolvePeerEnded();
    this.#resolveClosed(reason);
  }
}

function invalid(why: string): ConnectError {
  return new ConnectError(why, Code.InvalidArgument);
}

function textOf(error: unknown): string {
  return error instanceof GoError ? error.message : textFromThrown(error);
}
