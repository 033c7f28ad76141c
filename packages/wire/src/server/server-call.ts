import { type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type CallRecord, recordCall } from "../diagnostics/call-record.js";
import { type Packed, pack, unpack } from "../grpc/compression.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { MessageReader } from "../grpc/message-reader.js";
import { fieldsFromHeaders } from "../grpc/metadata.js";
import { fieldsFromError } from "../grpc/status.js";
import { tooLargeToSend } from "../grpc/too-large.js";
import type { HeaderField } from "../hpack/field.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { deadlinePassed, endedWithinMessage, notOneMessage, stoodStill } from "./call-errors.js";
import type { CallHome } from "./call-home.js";
import type { CallContext } from "./context.js";
import { decodeRequest, type Received } from "./decode-request.js";
import type { ServedMethod } from "./methods.js";

/** One call on the server: gives the request to the implementation and sends the answer, exactly one status. */
export class ServerCall implements StreamHandler {
  readonly #home: CallHome;
  readonly #stream: Http2Stream;
  readonly #served: ServedMethod;
  readonly #context: CallContext;
  #timer: NodeJS.Timeout | undefined;
  /** The single request of a method without request stream. */
  #request: Uint8Array<ArrayBuffer> | undefined;
  #requestCount = 0;
  #requestCompressed = false;
  readonly #gzip: boolean;
  #reader: MessageReader | undefined;
  #requests: MessageQueue<MessageShape<DescMessage>> | undefined;
  #headersSent = false;
  /** The answer's head has announced gzip. */
  #mayCompress = false;
  /** What `progress` was when it was last looked at. */
  #seenProgress: number | undefined;
  #over = false;
  #drained: (() => void) | undefined;
  /** Only while somebody listens. */
  readonly #record: CallRecord | undefined;
  readonly #sink = (message: Uint8Array<ArrayBuffer>, compressed: boolean) => {
    this.#request = message;
    this.#requestCompressed = compressed;
    this.#requestCount++;
    if (this.#record !== undefined) this.#record.bytesIn += message.length;
  };

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
      this.#requests = new MessageQueue(stream, {
        maxMessageBytes: home.maxReceiveBytes,
        decode: (bytes, compressed) => {
          if (this.#record !== undefined) this.#record.bytesIn += bytes.length;
          return this.#decode(bytes, compressed);
        },
        onReturn() {},
      });
      if (gzip) this.#requests.allowCompressed();
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
    if (this.#over) return;
    try {
      if (this.#requests !== undefined) {
        this.#requests.feed(bytes, start, end);
      } else {
        this.#reader ??= new MessageReader(this.#home.maxReceiveBytes, this.#gzip);
        this.#reader.feed(bytes, start, end, this.#sink);
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
    if (this.#over || this.#stream.remoteEnded) return undefined;
    return this.#requests === undefined ? (this.#reader?.progress ?? 0) : this.#requests.progress;
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
    if (this.#over) return;
    const error = ConnectError.from(cause, Code.Unknown);
    let fields = fieldsFromError(error);
    const trailer = this.#context.trailerToSend;
    if (trailer !== undefined) fields = fields.concat(fieldsFromHeaders(trailer));
    // What a handler has put into the headers must not turn up in the trailers, so an answer of trailers alone has none.
    if (this.#context.hasHeader) this.#sendHead();
    if (this.#headersSent) this.#stream.sendTrailers(this.#home.templates.empty, fields);
    else this.#stream.sendHeaders(this.#home.templates.head, fields, true);
    this.#finish(error);
  }

  #requestsEnded(): void {
    if (this.#over) return;
    if (this.#requests !== undefined) {
      this.#requests.end(this.#requests.partialBytes > 0 ? endedWithinMessage() : undefined);
      return;
    }
    if (this.#requestCount !== 1 || (this.#reader?.partialBytes ?? 0) > 0) {
      return this.fail(notOneMessage(this.#requestCount));
    }
    try {
      const request = this.#decode(this.#request!, this.#requestCompressed);
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
    if (this.#over) return;
    const { spec } = this.#served;
    if (spec.kind === "unary") this.#answerWith(() => spec.impl(request, this.#context));
    else if (spec.kind === "server_streaming") this.#streamFrom(() => spec.impl(request, this.#context));
  }

  #decode(bytes: Uint8Array<ArrayBuffer>, compressed: boolean): Received {
    const { input } = this.#served.method;
    if (!this.#gzip) return decodeRequest(input, bytes);
    this.#context.noteReceived(compressed ? "gzip" : "identity");
    return unpack(bytes, compressed, this.#home.maxReceiveBytes, (message) => decodeRequest(input, message));
  }

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
    if (this.#over) return;
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
      this.#stream.sendMessage(bytes, false);
      return undefined;
    }
    const send = (packed: Packed): undefined => {
      if (!this.#over) this.#stream.sendMessage(packed.bytes, false, packed.compressed);
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
    void this.#sendAll(answers)
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.#home.handlerEnded());
  }

  async #sendAll(answers: AsyncIterator<MessageInitShape<DescMessage>>): Promise<void> {
    for (;;) {
      const { done, value } = await answers.next();
      if (this.#over) break;
      if (done === true) {
        this.#sendHead();
        return this.#succeed();
      }
      const bytes = this.#encode(value);
      this.#sendHead();
      const sent = this.#send(bytes);
      if (sent !== undefined) await sent;
      if (this.#stream.queuedBytes > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
      if (this.#over) break;
    }
    await answers.return?.().then(undefined, () => {});
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
    if (this.#over) return;
    this.#over = true;
    this.#record?.end(error);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#requests?.end(error);
    this.#context.end(error);
    this.onDrain();
    this.#home.ended();
  }
}
