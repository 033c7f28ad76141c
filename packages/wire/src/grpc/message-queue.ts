import type { Http2Stream } from "../http2/stream.js";
import { MessageReader } from "./message-reader.js";
import { PackedMessages } from "./packed-messages.js";

/** What a queue needs to know of its call. */
export interface MessageQueueInit<T> {
  readonly maxMessageBytes: number;
  /** Called when a message is taken; may take its time for a compressed one. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>, compressed: boolean) => T | Promise<T>;
  /** Called when the reader leaves before the end. */
  readonly onReturn: () => void;
}

/** Messages beyond these wait packed: a reader that keeps up never has so many before it. */
const maxLoose = 4096;

type Settle<T> = { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void };

/**
 * The incoming messages of a streaming call, for one reader. What the reader has not taken keeps the stream's window
 * closed, so a peer that sends faster is held back; only the message that is just arriving may go beyond the window.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T> {
  readonly #stream: Http2Stream;
  readonly #reader: MessageReader;
  readonly #decode: MessageQueueInit<T>["decode"];
  readonly #onReturn: () => void;
  #messages: Uint8Array<ArrayBuffer>[] = [];
  /** Where the queue begins: shift() costs its length on a long array. */
  #head = 0;
  /** What comes behind `#messages`, while there is more than the reader is about to take. */
  #packed: PackedMessages | undefined;
  #queuedBytes = 0;
  #uncredited = 0;
  /** Those of the queued messages that are compressed: they stay so until they are taken. */
  #compressed: Set<Uint8Array> | undefined;
  #shiftedCompressed = false;
  #waiting: Settle<T> | undefined;
  #end: { error: unknown } | undefined;
  readonly #sink = (message: Uint8Array<ArrayBuffer>, compressed: boolean) => {
    if (this.#packed === undefined && this.#messages.length - this.#head >= maxLoose)
      this.#packed = new PackedMessages();
    if (this.#packed !== undefined) {
      this.#packed.push(message, compressed);
    } else {
      this.#messages.push(message);
      if (compressed) (this.#compressed ??= new Set()).add(message);
    }
    this.#queuedBytes += message.length + 5;
  };

  constructor(stream: Http2Stream, init: MessageQueueInit<T>) {
    this.#stream = stream;
    this.#reader = new MessageReader(init.maxMessageBytes, false);
    this.#decode = init.decode;
    this.#onReturn = init.onReturn;
  }

  /** The peer has announced gzip. */
  allowCompressed(): void {
    this.#reader.mayBeCompressed = true;
  }

  /** Bytes of a message that is not complete: at the end of the stream there must be none. */
  get partialBytes(): number {
    return this.#reader.partialBytes;
  }

  /**
   * Changes whenever part of a message comes; undefined while the peer has nothing to send on: between two messages, or
   * while the reader has some to take.
   */
  get progress(): number | undefined {
    return this.partialBytes > 0 && !this.#hasMessage ? this.#reader.progress : undefined;
  }

  /** Takes part of the body. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number): void {
    this.#uncredited += end - start;
    this.#reader.feed(bytes, start, end, this.#sink);
    const waiting = this.#waiting;
    if (waiting !== undefined && this.#hasMessage) {
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
      if (this.#hasMessage) this.#take({ resolve, reject });
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
    this.#compressed = undefined;
    this.#packed = undefined;
    if (this.#end === undefined) {
      this.end();
      this.#onReturn();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get #hasMessage(): boolean {
    return this.#messages.length > this.#head || this.#packed !== undefined;
  }

  /** Takes the first message; `#shiftedCompressed` says how it came. */
  #shift(): Uint8Array<ArrayBuffer> {
    if (this.#messages.length === this.#head) {
      const { message, compressed } = this.#packed!.shift();
      if (this.#packed!.count === 0) this.#packed = undefined;
      this.#shiftedCompressed = compressed;
      return message;
    }
    const message = this.#messages[this.#head++]!;
    if (this.#head === this.#messages.length) {
      this.#messages = [];
      this.#head = 0;
    }
    this.#shiftedCompressed = this.#compressed?.delete(message) ?? false;
    return message;
  }

  #take({ resolve, reject }: Settle<T>): void {
    const message = this.#shift();
    this.#queuedBytes -= message.length + 5;
    this.#credit();
    try {
      const value = this.#decode(message, this.#shiftedCompressed);
      if (value instanceof Promise) value.then((inflated: T) => resolve({ done: false, value: inflated }), reject);
      else resolve({ done: false, value });
    } catch (error) {
      reject(error);
    }
  }

  #finish({ resolve, reject }: Settle<T>): void {
    if (this.#end?.error !== undefined) reject(this.#end.error);
    else resolve({ done: true, value: undefined });
  }

  #credit(): void {
    const held = this.#hasMessage ? this.#queuedBytes + this.#reader.partialBytes : 0;
    const due = this.#uncredited - held;
    if (due <= 0) return;
    this.#uncredited = held;
    this.#stream.credit(due);
  }
}
