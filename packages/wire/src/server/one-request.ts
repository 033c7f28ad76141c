import { MessageReader, type MessageSink } from "../grpc/message-reader.js";
import type { TakenMessage } from "../grpc/taken-message.js";

/** The request of a method that reads one, as it comes in. */
export class OneRequest implements MessageSink {
  readonly #maxBytes: number;
  readonly #gzip: boolean;
  #reader: MessageReader | undefined;
  /** The first whole message. */
  message: TakenMessage | undefined;
  /** Whole messages that have come. */
  count = 0;

  constructor(maxBytes: number, gzip: boolean) {
    this.#maxBytes = maxBytes;
    this.#gzip = gzip;
  }

  /** Bytes of a message that is not complete. */
  get partialBytes(): number {
    return this.#reader?.partialBytes ?? 0;
  }

  /** Changes whenever part of a message comes. */
  get progress(): number {
    return this.#reader?.progress ?? 0;
  }

  /** Takes part of the body. `isLast`: the message is used at once. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    this.#reader ??= new MessageReader(this.#maxBytes, this.#gzip);
    this.#reader.feed(bytes, start, end, this);
    if (!isLast) this.#keep();
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): void {
    if (++this.count === 1) this.message = { bytes, start, end, compressed, own };
  }

  /** The message has to wait and must not keep alive what came with it. */
  #keep(): void {
    const { message } = this;
    if (message === undefined || message.own) return;
    message.bytes = Uint8Array.prototype.slice.call(message.bytes, message.start, message.end);
    message.end -= message.start;
    message.start = 0;
    message.own = true;
  }
}
