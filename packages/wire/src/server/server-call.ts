import { type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type CallRecord, recordCall } from "../diagnostics/call-record.js";
import { inflateFor, type Packed, pack } from "../grpc/compression.js";
import { MessageQueue, type QueueOwner } from "../grpc/message-queue.js";
import { fieldsFromHeaders } from "../grpc/metadata.js";
import { statusFromThrown } from "../grpc/thrown.js";
import { tooLargeToSend } from "../grpc/too-large.js";
import type { HeaderField } from "../hpack/field.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { pumpAnswers, type PumpedCall } from "./answer-pump.js";
import { deadlinePassed, endedWithinMessage, notOneMessage, stoodStill } from "./call-errors.js";
import type { CallHome } from "./call-home.js";
import type { CallContext } from "./context.js";
import { decodeRequest, type Received } from "./decode-request.js";
import type { ServedMethod } from "./methods.js";
import { OneRequest } from "./one-request.js";

/** One call on the server: gives the request to the implementation and sends the answer, exactly one status. */
export class ServerCall
  implements StreamHandler, QueueOwner<MessageShape<DescMessage>>, PumpedCall<MessageInitShape<DescMessage>>
{
  readonly #home: CallHome;
  readonly #stream: Http2Stream;
  readonly #served: ServedMethod;
  readonly #context: CallContext;
  #timer: NodeJS.Timeout | undefined;
  readonly #gzip: boolean;
  /** Of a method without request stream, from the first bytes on. */
  #request: OneRequest | undefined;
  #requests: MessageQueue<MessageShape<DescMessage>> | undefined;
  #headersSent = false;
  /** The answer's head has announced gzip. */
  #mayCompress = false;
  /** What `progress` was when it was last looked at. */
  #seenProgress: number | undefined;
  /** An outcome has been sent, or the stream is gone. */
  isOver = false;
  #drained: (() => void) | undefined;
  /** Only while somebody listens. */
  readonly #record: CallRecord | undefined;

  constructor(
    home: CallHome,
    stream: Http2Stream,
    served: ServedMethod,
    context: CallContext,
    timeoutMs: number | undefined,
    gzip: boolean,
  ) {
    this.#home = home;
    this.#gzip = gzip;
    this.#stream = stream;
    this.#served = served;
    this.#context = context;
    this.#record = recordCall("server", served.method);
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.fail(deadlinePassed()), Math.min(timeoutMs, 0x7fffffff));
    }
    const { spec } = served;
    if (spec.kind === "client_streaming" || spec.kind === "bidi_streaming") {
      this.#requests = new MessageQueue(this, home.maxReceiveBytes, gzip);
      this.#requests.attach(stream);
    }
  }

  /** Starts a method that reads its requests as a stream. */
  begin(): void {
    const { spec } = this.#served;
    const requests = this.#requests!;
    if (spec.kind === "client_streaming") this.#answerWith(() => spec.impl(requests, this.#context));
    else if (spec.kind === "bidi_streaming") this.#streamFrom(() => spec.impl(requests, this.#context));
  }

  onHeaders(_fields: readonly HeaderField[], endStream: boolean): void {
    if (endStream) this.#requestsEnded();
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.isOver) return;
    try {
      if (this.#requests !== undefined) {
        this.#requests.feed(bytes, start, end);
      } else {
        this.#request ??= new OneRequest(this.#home.maxReceiveBytes, this.#gzip);
        this.#request.feed(bytes, start, end, endStream);
        this.#stream.credit(end - start);
      }
    } catch (error) {
      return this.fail(error);
    }
    if (endStream) this.#requestsEnded();
  }

  /** Called now and then: fails the call when nothing came since the last time of what the client must send. */
  endIfStalled(afterMs: number): void {
    const before = this.#seenProgress;
    this.#seenProgress = this.#progress;
    if (before === undefined || this.#seenProgress !== before) return;
    this.fail(stoodStill(afterMs));
  }

  /** Changes with what arrives of the request; undefined when the client owes nothing: a stream may rest between messages. */
  get #progress(): number | undefined {
    if (this.isOver || this.#stream.remoteEnded) return undefined;
    return this.#requests === undefined ? (this.#request?.progress ?? 0) : this.#requests.progress;
  }

  onReset(reason: ResetReason): void {
    this.#finish(new ConnectError(reason.message, Code.Canceled));
  }

  onDrain(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** Answers with an error status. */
  fail(cause: unknown): void {
    if (this.isOver) return;
    const { error, fields: status } = statusFromThrown(cause);
    let fields = status;
    const trailer = this.#context.trailerToSend;
    if (trailer !== undefined) fields = fields.concat(fieldsFromHeaders(trailer));
    // What a handler has put into the headers must not turn up in the trailers, so an answer of trailers alone has none.
    if (this.#context.hasHeader) this.#sendHead();
    if (this.#headersSent) this.#stream.sendTrailers(this.#home.templates.empty, fields);
    else this.#stream.sendHeaders(this.#home.templates.head, fields, true);
    this.#finish(error);
  }

  #requestsEnded(): void {
    if (this.isOver) return;
    if (this.#requests !== undefined) {
      this.#requests.end(this.#requests.partialBytes > 0 ? endedWithinMessage() : undefined);
      return;
    }
    const { message, count = 0, partialBytes = 0 } = this.#request ?? {};
    if (message === undefined || count > 1 || partialBytes > 0) return this.fail(notOneMessage(count));
    this.#request = undefined;
    try {
      const { bytes, start, end, compressed, own } = message;
      const request = this.decode(bytes, start, end, compressed, own);
      if (!(request instanceof Promise)) return this.#run(request);
      request.then(
        (inflated: MessageShape<DescMessage>) => this.#run(inflated),
        (error: unknown) => this.fail(error),
      );
    } catch (error) {
      this.fail(error);
    }
  }

  /** Calls the implementation of a method that reads one request. */
  #run(request: MessageShape<DescMessage>): void {
    if (this.isOver) return;
    const { spec } = this.#served;
    if (spec.kind === "unary") this.#answerWith(() => spec.impl(request, this.#context));
    else if (spec.kind === "server_streaming") this.#streamFrom(() => spec.impl(request, this.#context));
  }

  decode(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): Received {
    const { decoder, maxReceiveBytes } = this.#home;
    const { input } = this.#served.method;
    if (this.#record !== undefined) this.#record.bytesIn += end - start;
    if (this.#gzip) this.#context.noteReceived(compressed ? "gzip" : "identity");
    if (!compressed) return decodeRequest(decoder, input, bytes, start, end, own);
    return inflateFor(bytes, start, end, maxReceiveBytes, (plain) =>
      decodeRequest(decoder, input, plain, 0, plain.length, true),
    );
  }

  /** A handler may leave its requests and still answer. */
  onReturn(): void {}
  onEnd(): void {}

  /** Runs an implementation that gives one answer. One that answers at once is not made to wait for a promise. */
  #answerWith(run: () => Promise<MessageInitShape<DescMessage>> | MessageInitShape<DescMessage>): void {
    try {
      const answer = run();
      if (answer instanceof Promise) {
        this.#home.handlerBegan();
        answer.then(
          (message: MessageInitShape<DescMessage>) => {
            this.#home.handlerEnded();
            this.#answer(message);
          },
          (error: unknown) => {
            this.#home.handlerEnded();
            this.fail(error);
          },
        );
      } else {
        this.#answer(answer);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #answer(message: MessageInitShape<DescMessage>): void {
    if (this.isOver) return;
    try {
      const bytes = this.#encode(message);
      this.#sendHead();
      const sent = this.#send(bytes);
      if (sent === undefined) this.#succeed();
      else sent.then(() => this.#succeed()).catch((error: unknown) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends an answer, now or when the promise resolves: large ones are compressed in a thread. */
  #send(bytes: Uint8Array): Promise<void> | undefined {
    if (!this.#mayCompress) {
      this.#stream.sendMessage(bytes, false, false, this.#home.encoder);
      return undefined;
    }
    const send = (packed: Packed): undefined => {
      if (!this.isOver) this.#stream.sendMessage(packed.bytes, false, packed.compressed);
    };
    const packed = pack(bytes, this.#context.compression, this.#home.sendCompression);
    return packed instanceof Promise ? packed.then(send) : send(packed);
  }

  #streamFrom(run: () => AsyncIterable<MessageInitShape<DescMessage>>): void {
    let answers: AsyncIterator<MessageInitShape<DescMessage>>;
    try {
      answers = run()[Symbol.asyncIterator]();
    } catch (error) {
      return this.fail(error);
    }
    this.#home.handlerBegan();
    pumpAnswers(this, answers, this.#home);
  }

  answersEnded(): void {
    if (this.isOver) return;
    this.#sendHead();
    this.#succeed();
  }

  flushEarly(): void {
    this.#stream.flushEarly();
  }

  sendAnswer(answer: MessageInitShape<DescMessage>): Promise<void> | undefined {
    const bytes = this.#encode(answer);
    this.#sendHead();
    const sent = this.#send(bytes);
    if (sent !== undefined) return sent.then(() => this.#whenDrained());
    return this.#stream.queuedBytes > 0 ? this.#whenDrained() : undefined;
  }

  /** Resolves when nothing of the stream waits, or when the call is over. */
  #whenDrained(): Promise<void> {
    if (this.isOver || this.#stream.queuedBytes === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  #encode(message: MessageInitShape<DescMessage>): Uint8Array {
    const { output } = this.#served.method;
    const bytes = this.#home.encoder.encode(output, message);
    if (this.#record !== undefined) this.#record.bytesOut += bytes.length;
    if (bytes.length > this.#home.maxSendBytes) throw tooLargeToSend(bytes.length, this.#home.maxSendBytes);
    return bytes;
  }

  #sendHead(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const { templates, sendCompression } = this.#home;
    if (sendCompression.compression !== "identity" || this.#context.compression !== undefined) {
      this.#mayCompress = this.#context.acceptsGzip;
    }
    const header = this.#context.headerToSend;
    const template = this.#mayCompress ? templates.gzipHead : templates.head;
    this.#stream.sendHeaders(template, header && fieldsFromHeaders(header), false);
  }

  #succeed(): void {
    const trailer = this.#context.trailerToSend;
    this.#stream.sendTrailers(this.#home.templates.ok, trailer && fieldsFromHeaders(trailer));
    this.#finish(undefined);
    this.#stream.flushEarly();
  }

  #finish(error: ConnectError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#record?.end(error);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#requests?.end(error);
    this.#context.end(error);
    this.onDrain();
    this.#home.ended();
  }
}
