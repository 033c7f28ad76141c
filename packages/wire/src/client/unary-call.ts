import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { type CallSending, inflate, type Packed, pack } from "../grpc/compression.js";
import { MessageReader } from "../grpc/message-reader.js";
import { headersFromFields } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode } from "../http2/constants.js";
import type { HeaderTemplate } from "../http2/header-template.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { errorFromAnswer, errorFromHead, isGzip } from "./answer.js";
import { abortError, type PendingCall, type StartedCall } from "./pending-call.js";

const noFields: readonly HeaderField[] = [];

/** One unary call: sends the request in one go, gathers the answer, settles its promise exactly once. */
export class UnaryCall<I extends DescMessage, O extends DescMessage> implements StreamHandler, PendingCall {
  readonly started: StartedCall;
  readonly #method: DescMethodUnary<I, O>;
  #request: Uint8Array;
  #requestCompressed = false;
  readonly #maxReceiveBytes: number;
  readonly #resolve: (response: UnaryResponse<I, O>) => void;
  readonly #reject: (error: unknown) => void;
  #stream: Http2Stream | undefined;
  #headers: readonly HeaderField[] | undefined;
  #reader: MessageReader | undefined;
  #message: Uint8Array<ArrayBuffer> | undefined;
  #messageCompressed = false;
  #extraMessage = false;
  #settled = false;
  readonly #sink = (message: Uint8Array<ArrayBuffer>, compressed: boolean) => {
    if (this.#message !== undefined) this.#extraMessage = true;
    this.#message = message;
    this.#messageCompressed = compressed;
  };

  /** `request` is used in `begin` or copied in `hold`, whichever comes first. */
  constructor(
    started: StartedCall,
    method: DescMethodUnary<I, O>,
    request: Uint8Array,
    maxReceiveBytes: number,
    resolve: (response: UnaryResponse<I, O>) => void,
    reject: (error: unknown) => void,
  ) {
    this.started = started;
    this.#method = method;
    this.#request = request;
    this.#maxReceiveBytes = maxReceiveBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(stream: Http2Stream, template: HeaderTemplate): void {
    this.#stream = stream;
    const { started } = this;
    if (started.record !== undefined) started.record.bytesOut = this.#request.length;
    stream.sendHeaders(template, started.fields(), false);
    stream.sendMessage(this.#request, true, this.#requestCompressed);
  }

  /** Compresses the request where that is asked for, before the call may begin. */
  pack({ call, options }: CallSending, ready: () => void): void {
    const packed = pack(this.#request, call, options);
    if (packed instanceof Promise) void packed.then((late) => this.#packed(late, ready));
    else this.#packed(packed, ready);
  }

  #packed({ bytes, compressed }: Packed, ready: () => void): void {
    const { signal } = this.started;
    if (signal?.aborted === true) return this.fail(abortError(signal));
    this.#request = bytes;
    this.#requestCompressed = compressed;
    ready();
  }

  hold(): void {
    this.#request = Uint8Array.prototype.slice.call(this.#request);
  }

  onHeaders(fields: readonly HeaderField[], endStream: boolean, truncated: boolean): void {
    if (this.#headers === undefined) {
      const error = errorFromHead(fields, endStream, truncated);
      if (error !== undefined) return this.fail(error);
      this.#headers = endStream ? noFields : fields;
      if (!endStream) return;
    }
    this.#finish(this.#headers, fields, endStream, truncated);
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#settled) return;
    try {
      this.#reader ??= new MessageReader(this.#maxReceiveBytes, isGzip(this.#headers));
      this.#reader.feed(bytes, start, end, this.#sink);
    } catch (error) {
      return this.fail(ConnectError.from(error));
    }
    if (endStream) this.fail(new ConnectError("protocol error: the answer ended without trailers", Code.Internal));
    else this.#stream?.credit(end - start);
  }

  onReset(reason: ResetReason): void {
    const refused = reason.by === "refused" && this.#headers === undefined && !this.#settled;
    if (refused && this.started.home.retry(this)) return;
    this.started.failAfterReset(reason, (error) => this.fail(error));
  }

  onDrain(): void {}

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.started.release(error);
    this.#stream?.reset(ErrorCode.cancel);
    this.#reject(error);
  }

  #finish(
    headers: readonly HeaderField[],
    trailers: readonly HeaderField[],
    endStream: boolean,
    truncated: boolean,
  ): void {
    const error = errorFromAnswer(headers, trailers, endStream, truncated);
    if (error !== undefined) return this.fail(error);
    const message = this.#message;
    if (message === undefined || this.#extraMessage || (this.#reader?.partialBytes ?? 0) > 0) {
      const what =
        message === undefined ? "no message" : this.#extraMessage ? "more than one message" : "half a message";
      return this.fail(new ConnectError(`protocol error: ${what} in the answer to a unary call`, Code.Unimplemented));
    }
    const call = this.started.sending?.call;
    if (call !== undefined) call.received = this.#messageCompressed ? "gzip" : "identity";
    if (!this.#messageCompressed) return this.#succeed(message, headers, trailers);
    try {
      const inflated = inflate(message, this.#maxReceiveBytes);
      if (!(inflated instanceof Promise)) return this.#succeed(inflated, headers, trailers);
      inflated.then(
        (bytes) => this.#succeed(bytes, headers, trailers),
        (cause: unknown) => this.fail(cause),
      );
    } catch (cause) {
      this.fail(cause);
    }
  }

  #succeed(message: Uint8Array<ArrayBuffer>, headers: readonly HeaderField[], trailers: readonly HeaderField[]): void {
    let shape: MessageShape<O>;
    try {
      shape = fromBinary(this.#method.output, message);
    } catch (cause) {
      return this.fail(cannotDecode(this.#method.output, cause));
    }
    if (this.#settled) return;
    this.#settled = true;
    const { record } = this.started;
    if (record !== undefined) record.bytesIn = message.length;
    this.started.release();
    this.#resolve(new UnaryAnswer(this.#method, shape, headers, trailers));
  }
}

/** The error for a message that is no valid protobuf of its type. */
export function cannotDecode(type: DescMessage, cause: unknown): ConnectError {
  return new ConnectError(
    `the answer is no ${type.typeName}: ${String(cause)}`,
    Code.Internal,
    undefined,
    undefined,
    cause,
  );
}

/** Makes Headers only for those who look: a call costs 0.9 µs of CPU time less without them, of 4.2. */
class UnaryAnswer<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #headerFields: readonly HeaderField[];
  readonly #trailerFields: readonly HeaderField[];
  #header: Headers | undefined;
  #trailer: Headers | undefined;

  constructor(
    method: DescMethodUnary<I, O>,
    message: MessageShape<O>,
    headers: readonly HeaderField[],
    trailers: readonly HeaderField[],
  ) {
    this.method = method;
    this.message = message;
    this.#headerFields = headers;
    this.#trailerFields = trailers;
  }

  get service() {
    return this.method.parent;
  }

  get header(): Headers {
    return (this.#header ??= headersFromFields(this.#headerFields));
  }

  get trailer(): Headers {
    return (this.#trailer ??= headersFromFields(this.#trailerFields));
  }
}
