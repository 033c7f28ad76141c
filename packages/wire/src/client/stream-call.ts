import type { DescMessage, DescMethodStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import type { MessageEncoder } from "../codec/message-encoder.js";
import { inflateFor, pack } from "../grpc/compression.js";
import type { MessageDecoder } from "../codec/message-decoder.js";
import { decodeMessage } from "../grpc/decode-message.js";
import { type MessageSource, type TakeWith, takeWith } from "../grpc/direct-messages.js";
import { MessageQueue, type QueueOwner } from "../grpc/message-queue.js";
import { headersFromFields } from "../grpc/metadata.js";
import { tooLargeToSend } from "../grpc/too-large.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode } from "../http2/constants.js";
import type { HeaderTemplate } from "../http2/header-template.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { errorFromAnswer, errorFromHead, isGzip } from "./answer.js";
import { KeptMessages } from "./kept-messages.js";
import { abortError, type PendingCall, type StartedCall } from "./pending-call.js";
import { createStreamResponse } from "./stream-response.js";
import { cannotDecode } from "./unary-call.js";

const noFields: readonly HeaderField[] = [];

/** What the streaming calls of a channel share. */
export interface StreamCallTools {
  readonly encoder: MessageEncoder;
  readonly decoder: MessageDecoder;
  readonly limits: { readonly receive: number; readonly send: number };
}

/** Who wants to know of headers and trailers. */
export interface StreamListener {
  /** Called when the headers of the answer are there. What it throws ends the call, and its reader gets it. */
  onHeader?(headers: Headers): void;
  /** Called before the reader is told of the end. What it throws the reader gets. */
  onTrailer?(trailers: Headers): void;
}

/** One call with a stream of requests, of answers or of both. */
export class StreamCall<I extends DescMessage, O extends DescMessage>
  implements StreamHandler, PendingCall, QueueOwner<MessageShape<O>>
{
  readonly started: StartedCall;
  /** For the one reader of the answers. */
  readonly answers: MessageQueue<MessageShape<O>>;
  readonly #method: DescMethodStreaming<I, O>;
  readonly #input: MessageSource<MessageInitShape<I>>;
  readonly #tools: StreamCallTools;
  readonly #listener: StreamListener | undefined;
  #trailers: readonly HeaderField[] = noFields;
  /** Made when somebody asks for it, which may be before the trailers are there. */
  #trailer: Headers | undefined;
  #stream: Http2Stream | undefined;
  #headers: readonly HeaderField[] | undefined;
  /** Wakes the sender: the stream has room again, or a new one, or the call is over. */
  #drained: (() => void) | undefined;
  #over = false;
  /** What was sent, while the peer may still refuse to look at it; undefined when it cannot be sent again. */
  #kept: KeptMessages | undefined;
  /** Nothing comes behind what is kept. */
  #inputEnded = false;
  #sending = false;
  /** There was nothing to take. */
  #idle = false;
  #settle: { resolve: (response: StreamResponse<I, O>) => void; reject: (error: unknown) => void } | undefined;

  constructor(
    started: StartedCall,
    method: DescMethodStreaming<I, O>,
    input: AsyncIterable<MessageInitShape<I>>,
    tools: StreamCallTools,
    listener?: StreamListener,
  ) {
    this.started = started;
    this.answers = new MessageQueue(this, tools.limits.receive);
    this.#method = method;
    this.#input = input[Symbol.asyncIterator]();
    this.#tools = tools;
    this.#listener = listener;
    if (started.home.maxReplayBytes > 0) this.#kept = new KeptMessages(started.home.maxReplayBytes);
  }

  /** Resolves when the headers are there. To be asked for before the call begins. */
  response(): Promise<StreamResponse<I, O>> {
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  begin(stream: Http2Stream, template: HeaderTemplate): void {
    this.#stream = stream;
    this.answers.attach(stream);
    stream.sendHeaders(template, this.started.fields(), false);
    this.#kept?.sendOn(stream);
    if (this.#inputEnded) stream.end();
    if (this.#sending) return this.#wake();
    this.#sending = true;
    const take =
      this.started.sending === undefined
        ? this.#input[takeWith]?.(() => {
            if (this.#idle) this.#sendTaken(take!);
          })
        : undefined;
    if (take === undefined) void this.#send();
    else this.#sendTaken(take);
  }

  hold(): void {}

  onHeaders(fields: readonly HeaderField[], endStream: boolean, truncated: boolean): void {
    if (this.#over) return;
    this.#kept = undefined;
    const isHead = this.#headers === undefined;
    if (this.#headers === undefined) {
      const error = errorFromHead(fields, endStream, truncated);
      if (error !== undefined) return this.fail(error);
      this.#headers = endStream ? noFields : fields;
      if (isGzip(fields)) this.answers.allowCompressed();
      if (!endStream) return this.#answer(fields);
    }
    const error = errorFromAnswer(this.#headers, fields, endStream, truncated);
    if (error !== undefined) return this.fail(error);
    if (this.answers.partialBytes > 0) {
      return this.fail(new ConnectError("protocol error: the answer ended within a message", Code.Internal));
    }
    this.#trailers = fields;
    if (this.#trailer !== undefined) headersFromFields(fields, this.#trailer);
    this.#finish();
    if (isHead) this.#answer(noFields);
    this.answers.end();
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#over) return;
    try {
      this.answers.feed(bytes, start, end);
    } catch (error) {
      return this.fail(ConnectError.from(error));
    }
    if (endStream) this.fail(new ConnectError("protocol error: the answer ended without trailers", Code.Internal));
  }

  onReset(reason: ResetReason): void {
    // A server that has answered early resets the stream: the status has come, only our side was still open.
    if (this.#over) return this.#wake();
    if (reason.by === "refused" && this.#kept !== undefined) {
      this.#stream = undefined;
      if (this.started.home.retry(this)) return;
    }
    const fate = this.#headers !== undefined ? "answered" : this.#stream === undefined ? "waiting" : "sent";
    this.started.failAfterReset(reason, fate, (error) => this.fail(error));
  }

  onDrain(): void {
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#finish(error);
    this.#stream?.reset(ErrorCode.cancel);
    this.answers.end(error);
    this.#settle?.reject(error);
  }

  /** The outcome is known. What is still being sent stops. */
  #finish(error?: unknown): void {
    this.#over = true;
    this.#kept = undefined;
    this.started.release(error);
    this.#wake();
  }

  #wake(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #answer(headers: readonly HeaderField[]): void {
    const listener = this.#listener;
    if (listener?.onHeader !== undefined) {
      try {
        listener.onHeader(headersFromFields(headers));
      } catch (error) {
        this.answers.end(error);
        return this.fail(error);
      }
    }
    if (this.#settle === undefined) return;
    const trailer = () => (this.#trailer ??= headersFromFields(this.#trailers));
    this.#settle.resolve(createStreamResponse(this.#method, this.answers, headers, trailer));
  }

  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    compressed: boolean,
    own: boolean,
  ): MessageShape<O> | Promise<MessageShape<O>> {
    const { record, sending, signal } = this.started;
    // Who gives a call up gets nothing more of it, not even what had come by then.
    if (signal?.aborted === true) throw abortError(signal);
    if (record !== undefined) record.bytesIn += end - start;
    if (sending?.call !== undefined) sending.call.received = compressed ? "gzip" : "identity";
    const { decoder, limits } = this.#tools;
    if (!compressed) return this.#parse(decoder, bytes, start, end, own);
    return inflateFor(bytes, start, end, limits.receive, (plain) => this.#parse(decoder, plain, 0, plain.length, true));
  }

  #parse(decoder: MessageDecoder, bytes: Uint8Array, start: number, end: number, own: boolean): MessageShape<O> {
    try {
      return decodeMessage(decoder, this.#method.output, bytes, start, end, own);
    } catch (cause) {
      throw cannotDecode(this.#method.output, cause);
    }
  }

  onReturn(error: unknown): void {
    this.fail(error ?? new ConnectError("the caller stopped reading the answers", Code.Canceled));
  }

  onEnd(): void {
    this.#listener?.onTrailer?.(headersFromFields(this.#trailers));
  }

  /** As `#send`, of what is there without waiting for promises: it leaves in this turn. */
  #sendTaken(take: ReturnType<TakeWith<MessageInitShape<I>>>): void {
    this.#idle = false;
    try {
      while (!this.#over) {
        if (this.#stream === undefined || this.#stream.queuedBytes > 0) {
          this.#drained = () => this.#sendTaken(take);
          return;
        }
        const result = take();
        if (result === undefined) {
          this.#idle = true;
          return this.#stream.flushEarly();
        }
        if (result.done === true) {
          this.#inputEnded = true;
          return this.#stream.end();
        }
        this.#sendMessage(this.#encode(result.value), false, false);
      }
      this.#input.return?.().catch(() => {});
    } catch (error) {
      this.fail(ConnectError.from(error));
    }
  }

  async #send(): Promise<void> {
    const single = this.#method.methodKind === "server_streaming";
    try {
      for (;;) {
        const { done, value } = await this.#input.next();
        if (this.#over) break;
        if (done === true) {
          this.#inputEnded = true;
          this.#stream?.end();
          return;
        }
        const { sending } = this.started;
        const bytes = this.#encode(value);
        if (sending === undefined) {
          this.#sendMessage(bytes, false, single);
        } else {
          const packing = pack(bytes, sending.call, sending.options);
          const packed = packing instanceof Promise ? await packing : packing;
          if (this.#over) break;
          this.#sendMessage(packed.bytes, packed.compressed, single);
        }
        if (single) return;
        while (!this.#over && (this.#stream === undefined || this.#stream.queuedBytes > 0)) {
          await new Promise<void>((resolve) => (this.#drained = resolve));
        }
        if (this.#over) break;
      }
      await this.#input.return?.();
    } catch (error) {
      this.fail(ConnectError.from(error));
    }
  }

  #sendMessage(bytes: Uint8Array, compressed: boolean, last: boolean): void {
    const { record } = this.started;
    if (record !== undefined) record.bytesOut += bytes.length;
    if (last) this.#inputEnded = true;
    // Between two streams the one message that comes is kept in any case: there is nowhere to send it.
    if (this.#kept?.keep(bytes, compressed, this.#stream === undefined) === false) this.#kept = undefined;
    this.#stream?.sendMessage(bytes, last, compressed, this.#tools.encoder);
  }

  #encode(message: MessageInitShape<I>): Uint8Array {
    const bytes = this.#tools.encoder.encode(this.#method.input, message);
    if (bytes.length > this.#tools.limits.send) throw tooLargeToSend(bytes.length, this.#tools.limits.send);
    return bytes;
  }
}
