import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageEncoder } from "../codec/message-encoder.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { MessageReader } from "../grpc/message-reader.js";
import { fieldsFromHeaders } from "../grpc/metadata.js";
import { fieldsFromError } from "../grpc/status.js";
import type { HeaderField } from "../hpack/field.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import type { CallContext } from "./context.js";
import type { ServedMethod } from "./methods.js";
import type { Templates } from "./templates.js";

/** What a call needs of its server. */
export interface CallHome {
  readonly templates: Templates;
  readonly encoder: MessageEncoder;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** The call is over. */
  ended(call: ServerCall): void;
}

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
  #reader: MessageReader | undefined;
  #requests: MessageQueue<MessageShape<DescMessage>> | undefined;
  #headersSent = false;
  #over = false;
  #drained: (() => void) | undefined;
  readonly #sink = (message: Uint8Array<ArrayBuffer>) => {
    this.#request = message;
    this.#requestCount++;
  };

  constructor(
    home: CallHome,
    stream: Http2Stream,
    served: ServedMethod,
    context: CallContext,
    timeoutMs: number | undefined,
  ) {
    this.#home = home;
    this.#stream = stream;
    this.#served = served;
    this.#context = context;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#expire(), Math.min(timeoutMs, 0x7fffffff));
    const { spec } = served;
    if (spec.kind === "client_streaming" || spec.kind === "bidi_streaming") {
      const { input } = spec.method;
      this.#requests = new MessageQueue(
        stream,
        home.maxReceiveBytes,
        (bytes) => decode(input, bytes),
        () => {},
      );
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
        this.#reader ??= new MessageReader(this.#home.maxReceiveBytes);
        this.#reader.feed(bytes, start, end, this.#sink);
        this.#stream.credit(end - start);
      }
    } catch (error) {
      return this.fail(error);
    }
    if (endStream) this.#requestsEnded();
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
    if (this.#headersSent) {
      this.#stream.sendTrailers(this.#home.templates.empty, fields);
    } else {
      const header = this.#context.headerToSend;
      if (header !== undefined) fields = fieldsFromHeaders(header).concat(fields);
      this.#stream.sendHeaders(this.#home.templates.head, fields, true);
    }
    this.#finish(error);
  }

  #requestsEnded(): void {
    if (this.#over) return;
    if (this.#requests !== undefined) {
      const partial = this.#requests.partialBytes > 0;
      this.#requests.end(partial ? new ConnectError("the request ended within a message", Code.Internal) : undefined);
      return;
    }
    if (this.#requestCount !== 1 || (this.#reader?.partialBytes ?? 0) > 0) {
      const what = this.#requestCount === 0 ? "no whole message" : "more than one message";
      return this.fail(new ConnectError(`protocol error: ${what} in a request that has one`, Code.Unimplemented));
    }
    const { spec } = this.#served;
    let request: MessageShape<DescMessage>;
    try {
      request = decode(spec.method.input, this.#request!);
    } catch (error) {
      return this.fail(error);
    }
    if (spec.kind === "unary") this.#answerWith(() => spec.impl(request, this.#context));
    else if (spec.kind === "server_streaming") this.#streamFrom(() => spec.impl(request, this.#context));
  }

  /** Runs an implementation that gives one answer. One that answers at once is not made to wait for a promise. */
  #answerWith(run: () => Promise<MessageInitShape<DescMessage>> | MessageInitShape<DescMessage>): void {
    try {
      const answer = run();
      if (answer instanceof Promise) {
        answer.then(
          (message: MessageInitShape<DescMessage>) => this.#answer(message),
          (error: unknown) => this.fail(error),
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
      this.#stream.sendMessage(bytes, false);
      this.#succeed();
    } catch (error) {
      this.fail(error);
    }
  }

  #streamFrom(run: () => AsyncIterable<MessageInitShape<DescMessage>>): void {
    let answers: AsyncIterator<MessageInitShape<DescMessage>>;
    try {
      answers = run()[Symbol.asyncIterator]();
    } catch (error) {
      return this.fail(error);
    }
    void this.#sendAll(answers).catch((error: unknown) => this.fail(error));
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
      this.#stream.sendMessage(bytes, false);
      if (this.#stream.queuedBytes > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
      if (this.#over) break;
    }
    await answers.return?.().then(undefined, () => {});
  }

  #encode(message: MessageInitShape<DescMessage>): Uint8Array {
    const { output } = this.#served.method;
    const bytes = this.#home.encoder.encode(output, message);
    if (bytes.length > this.#home.maxSendBytes) {
      throw new ConnectError(
        `the answer has ${bytes.length} bytes, the limit is ${this.#home.maxSendBytes} (maxSendMessageBytes)`,
        Code.ResourceExhausted,
      );
    }
    return bytes;
  }

  #sendHead(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const header = this.#context.headerToSend;
    this.#stream.sendHeaders(this.#home.templates.head, header && fieldsFromHeaders(header), false);
  }

  #succeed(): void {
    const trailer = this.#context.trailerToSend;
    this.#stream.sendTrailers(this.#home.templates.ok, trailer && fieldsFromHeaders(trailer));
    this.#finish(undefined);
    this.#stream.flushEarly();
  }

  #expire(): void {
    this.fail(new ConnectError("the deadline passed before the call was answered", Code.DeadlineExceeded));
  }

  #finish(error: ConnectError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#requests?.end(error);
    this.#context.end(error);
    this.onDrain();
    this.#home.ended(this);
  }
}

function decode(type: DescMessage, bytes: Uint8Array<ArrayBuffer>): MessageShape<DescMessage> {
  try {
    return fromBinary(type, bytes);
  } catch (cause) {
    throw new ConnectError(
      `the request is no ${type.typeName}: ${String(cause)}`,
      Code.Internal,
      undefined,
      undefined,
      cause,
    );
  }
}
