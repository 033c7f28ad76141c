import type { Http2Stream } from "../http2/stream.js";
import { MessageReader, type MessageSink } from "./message-reader.js";
import { QueuedMessages } from "./queued-messages.js";

/** The call whose messages a queue holds. */
export interface QueueOwner<T> {
  /**
   * Makes a value of the message `bytes[start..end)` when it is taken; may take its time for a compressed one. What
   * is kept of the bytes must be a copy, unless they are the message's `own`.
   */
  decode(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): T | Promise<T>;
  /** The reader has left before the end, or got the error of a message that could not be decoded, and gets no more. */
  onReturn(error: unknown): void;
  /** The reader is about to be told that there are no more messages. What this throws it gets instead. */
  onEnd(): void;
}

/** Window is given back for at least so many bytes that the reader has taken, or when it has taken all. */
const minCreditBytes = 8192;

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
  next: Waiter<T> | undefined;
}

/**
 * The incoming messages of a streaming call, for one reader. What the reader has not taken keeps the stream's window
 * closed, so a peer that sends faster is held back; only the message that is just arriving may go beyond the window.
 * `next()` may be called again before the last one has answered, as with a generator, and after an error there is nothing.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T>, MessageSink {
  readonly #owner: QueueOwner<T>;
  readonly #reader: MessageReader;
  readonly #queued = new QueuedMessages();
  #stream: Http2Stream | undefined;
  #uncredited = 0;
  /** Who asked when there was nothing, in that order. */
  #waiting: Waiter<T> | undefined;
  #end: { readonly error: unknown } | undefined;
  /** The reader has been told of the end. */
  #told = false;
  /** `settle` is going to be called. */
  #settling = false;
  /** Messages have come since `settle` was last called. */
  #isFlowing = false;

  constructor(owner: QueueOwner<T>, maxMessageBytes: number, mayBeCompressed = false) {
    this.#owner = owner;
    this.#reader = new MessageReader(maxMessageBytes, mayBeCompressed);
  }

  /** The stream whose window is to be given back. */
  attach(stream: Http2Stream): void {
    this.#stream = stream;
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
    return this.partialBytes > 0 && this.#queued.isEmpty ? this.#reader.progress : undefined;
  }

  /** Takes part of the body. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number): void {
    // Who has left takes nothing: the window stays as it is and holds the peer back.
    if (this.#end !== undefined) return;
    this.#uncredited += end - start;
    this.#reader.feed(bytes, start, end, this);
    this.#credit();
    if (this.#queued.areLoose) {
      this.#isFlowing = true;
      if (this.#settling) return;
      this.#settling = true;
      this.#stream!.settleLater(this);
    }
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiting;
    if (waiter === undefined) return this.#queued.push(bytes, start, end, compressed, own);
    this.#waiting = waiter.next;
    try {
      const value = this.#owner.decode(bytes, start, end, compressed, own);
      if (value instanceof Promise) this.#late(value).then(waiter.resolve, waiter.reject);
      else waiter.resolve({ done: false, value });
    } catch (error) {
      waiter.reject(error);
      this.#leave(error);
    }
  }

  /** No more messages: the reader gets those that are queued and then the end, or the error. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#answerWaiting();
  }

  next(): Promise<IteratorResult<T>> {
    if (!this.#queued.isEmpty) return this.#take();
    if (this.#end !== undefined) return this.#finish();
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = { resolve, reject, next: undefined };
      let last = this.#waiting;
      if (last === undefined) {
        this.#waiting = waiter;
        return;
      }
      while (last.next !== undefined) last = last.next;
      last.next = waiter;
    });
  }

  /** Ends the call: the reader takes no more. */
  return(): Promise<IteratorResult<T>> {
    this.#leave(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next chunk is there: what waits must refer to the last one no more. Asks to be called again while messages flow. */
  settle(): void {
    this.#queued.pack();
    this.#settling = this.#isFlowing;
    this.#isFlowing = false;
    if (this.#settling) this.#stream!.settleLater(this);
    else this.#queued.trim();
  }

  #take(): Promise<IteratorResult<T>> {
    const queued = this.#queued;
    queued.shift();
    const { bytes, start, end, compressed, own } = queued;
    queued.release();
    if (queued.isEmpty || this.#uncredited - queued.queuedBytes >= minCreditBytes) this.#credit();
    try {
      const value = this.#owner.decode(bytes, start, end, compressed, own);
      return value instanceof Promise ? this.#late(value) : Promise.resolve({ done: false, value });
    } catch (error) {
      this.#leave(error);
      return Promise.reject(error);
    }
  }

  /** A message that is still being inflated. */
  async #late(value: Promise<T>): Promise<IteratorResult<T>> {
    try {
      return { done: false, value: await value };
    } catch (error) {
      this.#leave(error);
      throw error;
    }
  }

  /** There is nothing more for the reader. */
  #leave(error: unknown): void {
    this.#queued.clear();
    this.#told = true;
    const early = this.#end === undefined;
    this.#end ??= { error: undefined };
    this.#answerWaiting();
    if (early) this.#owner.onReturn(error);
  }

  #answerWaiting(): void {
    let waiter = this.#waiting;
    this.#waiting = undefined;
    for (; waiter !== undefined; waiter = waiter.next) this.#finish().then(waiter.resolve, waiter.reject);
  }

  /** The error or the end. As with a generator, there is only the end behind the error. */
  #finish(): Promise<IteratorResult<T>> {
    const isNews = !this.#told;
    this.#told = true;
    if (isNews) {
      if (this.#end?.error !== undefined) return Promise.reject(this.#end.error);
      try {
        this.#owner.onEnd();
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  #credit(): void {
    const queued = this.#queued;
    const held = queued.isEmpty ? 0 : queued.queuedBytes + this.#reader.partialBytes;
    const due = this.#uncredited - held;
    if (due <= 0) return;
    this.#uncredited = held;
    this.#stream!.credit(due);
  }
}

/** A queue whose reader gets the error. */
export function endedQueue<T>(error: unknown): MessageQueue<T> {
  const queue = new MessageQueue<T>({ decode: never, onReturn() {}, onEnd() {} }, 0);
  queue.end(error);
  return queue;
}

function never(): never {
  throw new Error("nothing comes to a queue that has ended");
}
