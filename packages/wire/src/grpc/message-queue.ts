import type { Http2Stream } from "../http2/stream.js";
import { MessageReader } from "./message-reader.js";

type Settle<T> = { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void };

/**
 * The incoming messages of a streaming call, for one reader. What the reader has not taken keeps the stream's window
 * closed, so a peer that sends faster is held back; only the message that is just arriving may go beyond the window.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T> {
  readonly #stream: Http2Stream;
  readonly #reader: MessageReader;
  readonly #decode: (bytes: Uint8Array<ArrayBuffer>) => T;
  readonly #onReturn: () => void;
  #messages: Uint8Array<ArrayBuffer>[] = [];
  /** Where the queue begins: shift() costs its length on a long array. */
  #head = 0;
  #queuedBytes = 0;
  #uncredited = 0;
  #waiting: Settle<T> | undefined;
  #end: { error: unknown } | undefined;
  readonly #sink = (message: Uint8Array<ArrayBuffer>) => {
    this.#messages.push(message);
    this.#queuedBytes += message.length + 5;
  };

  /** `onReturn` is called when the reader leaves before the end. */
  constructor(
    stream: Http2Stream,
    maxMessageBytes: number,
    decode: (bytes: Uint8Array<ArrayBuffer>) => T,
    onReturn: () => void,
  ) {
    this.#stream = stream;
    this.#reader = new MessageReader(maxMessageBytes);
    this.#decode = decode;
    this.#onReturn = onReturn;
  }

  /** Bytes of a message that is not complete: at the end of the stream there must be none. */
  get partialBytes(): number {
    return this.#reader.partialBytes;
  }

  /** Takes part of the body. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number): void {
    this.#uncredited += end - start;
    this.#reader.feed(bytes, start, end, this.#sink);
    const waiting = this.#waiting;
    if (waiting !== undefined && this.#messages.length > this.#head) {
      this.#waiting = undefined;
      this.#take(waiting);
    } else {
      this.#credit();
    }
  }

  /** No more messages: the reader gets those that are queued and then the end, or the error. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#finish(waiting);
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#messages.length > this.#head) this.#take({ resolve, reject });
      else if (this.#end !== undefined) this.#finish({ resolve, reject });
      else if (this.#waiting !== undefined)
        reject(new Error("the messages of a call have one reader: next() is pending"));
      else this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T>> {
    this.#messages = [];
    this.#head = 0;
    this.#queuedBytes = 0;
    if (this.#end === undefined) {
      this.end();
      this.#onReturn();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take({ resolve, reject }: Settle<T>): void {
    const bytes = this.#messages[this.#head++]!;
    if (this.#head === this.#messages.length) {
      this.#messages = [];
      this.#head = 0;
    }
    this.#queuedBytes -= bytes.length + 5;
    this.#credit();
    try {
      resolve({ done: false, value: this.#decode(bytes) });
    } catch (error) {
      reject(error);
    }
  }

  #finish({ resolve, reject }: Settle<T>): void {
    if (this.#end?.error !== undefined) reject(this.#end.error);
    else resolve({ done: true, value: undefined });
  }

  #credit(): void {
    const held = this.#messages.length > this.#head ? this.#queuedBytes + this.#reader.partialBytes : 0;
    const due = this.#uncredited - held;
    if (due <= 0) return;
    this.#uncredited = held;
    this.#stream.credit(due);
  }
}
