import {
  type DescMessage,
  type DescMethodStreaming,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import type { MessageEncoder } from "../codec/message-encoder.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { headersFromFields } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode } from "../http2/constants.js";
import type { Http2Stream, ResetReason, StreamHandler } from "../http2/stream.js";
import { errorFromAnswer, errorFromHead } from "./answer.js";
import type { PendingCall, StartedCall } from "./pending-call.js";
import { cannotDecode } from "./unary-call.js";

const noFields: readonly HeaderField[] = [];

/** One call with a stream of requests, of answers or of both. */
export class StreamCall<I extends DescMessage, O extends DescMessage> implements StreamHandler, PendingCall {
  readonly started: StartedCall;
  readonly #method: DescMethodStreaming<I, O>;
  readonly #input: AsyncIterator<MessageInitShape<I>>;
  readonly #encoder: MessageEncoder;
  readonly #limits: { receive: number; send: number };
  readonly #resolve: (response: StreamResponse<I, O>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #trailer = new Headers();
  #stream: Http2Stream | undefined;
  #headers: readonly HeaderField[] | undefined;
  #answers: MessageQueue<MessageShape<O>> | undefined;
  #drained: (() => void) | undefined;
  #over = false;

  constructor(
    started: StartedCall,
    method: DescMethodStreaming<I, O>,
    input: AsyncIterable<MessageInitShape<I>>,
    encoder: MessageEncoder,
    limits: { receive: number; send: number },
    resolve: (response: StreamResponse<I, O>) => void,
    reject: (error: unknown) => void,
  ) {
    this.started = started;
    this.#method = method;
    this.#input = input[Symbol.asyncIterator]();
    this.#encoder = encoder;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(stream: Http2Stream): void {
    this.#stream = stream;
    this.#answers = new MessageQueue(
      stream,
      this.#limits.receive,
      (bytes) => this.#decode(bytes),
      () => this.fail(new ConnectError("the caller stopped reading the answers", Code.Canceled)),
    );
    stream.sendHeaders(this.started.template, this.started.fields, false);
    void this.#send(stream);
  }

  hold(): void {}

  onHeaders(fields: readonly HeaderField[], endStream: boolean, truncated: boolean): void {
    if (this.#over) return;
    if (this.#headers === undefined) {
      const error = errorFromHead(fields, endStream, truncated);
      if (error !== undefined) return this.fail(error);
      this.#headers = endStream ? noFields : fields;
      if (!endStream) return this.#answer(fields);
    }
    const error = errorFromAnswer(this.#headers, fields, endStream, truncated);
    if (error !== undefined) return this.fail(error);
    if (this.#answers!.partialBytes > 0) {
      return this.fail(new ConnectError("protocol error: the answer ended within a message", Code.Internal));
    }
    headersFromFields(fields, this.#trailer);
    this.#finish();
    this.#answer(this.#headers);
    this.#answers!.end();
  }

  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#over) return;
    try {
      this.#answers!.feed(bytes, start, end);
    } catch (error) {
      return this.fail(ConnectError.from(error));
    }
    if (endStream) this.fail(new ConnectError("protocol error: the answer ended without trailers", Code.Internal));
  }

  onReset(reason: ResetReason): void {
    // A server that has answered early resets the stream: the status has come, only our side was still open.
    if (this.#over) this.#wake();
    else this.started.failAfterReset(reason, (error) => this.fail(error));
  }

  onDrain(): void {
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#finish();
    this.#stream?.reset(ErrorCode.cancel);
    this.#answers?.end(error);
    this.#reject(error);
  }

  /** The outcome is known. What is still being sent stops. */
  #finish(): void {
    this.#over = true;
    this.started.release();
    this.#wake();
  }

  #wake(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #answer(headers: readonly HeaderField[]): void {
    this.#resolve({
      stream: true,
      service: this.#method.parent,
      method: this.#method,
      header: headersFromFields(headers),
      message: this.#answers!,
      trailer: this.#trailer,
    });
  }

  #decode(bytes: Uint8Array<ArrayBuffer>): MessageShape<O> {
    try {
      return fromBinary(this.#method.output, bytes);
    } catch (cause) {
      const error = cannotDecode(this.#method.output, cause);
      this.fail(error);
      throw error;
    }
  }

  async #send(stream: Http2Stream): Promise<void> {
    const single = this.#method.methodKind === "server_streaming";
    try {
      for (;;) {
        const { done, value } = await this.#input.next();
        if (this.#over) break;
        if (done === true) return stream.end();
        stream.sendMessage(this.#encode(value), single);
        if (single) return;
        if (stream.queuedBytes > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
        if (this.#over) break;
      }
      await this.#input.return?.();
    } catch (error) {
      this.fail(ConnectError.from(error));
    }
  }

  #encode(message: MessageInitShape<I>): Uint8Array {
    const bytes = this.#encoder.encode(this.#method.input, message);
    if (bytes.length > this.#limits.send) throw tooLargeToSend(bytes.length, this.#limits.send);
    return bytes;
  }
}

export function tooLargeToSend(bytes: number, limit: number): ConnectError {
  return new ConnectError(
    `the message has ${bytes} bytes, the limit is ${limit} (maxSendMessageBytes)`,
    Code.ResourceExhausted,
  );
}
