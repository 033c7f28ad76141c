import type { Duplex } from "node:stream";
import { headerBytes } from "./constants.js";
import { ViolationFault } from "./error.js";
import { nextTick } from "../runtime.js";

const batchBytes = 16 * 1024;
/** Payloads up to this are better copied behind their header than handed on by themselves. */
export const maxCopiedBytes = 4 * 1024;
/** So many bytes may wait in the byte stream before payload stays in its stream. */
const highWaterBytes = 256 * 1024;
/** So much is gathered in one turn before it goes ahead. */
const gatherBytes = 64 * 1024;
/** Answers that may wait for a peer that does not read. */
const maxUnreadAnswers = 10_000;

/** Gathers the frames of one turn of the event loop and hands them to the byte stream in one go. */
export class Output {
  readonly #stream: Duplex;
  readonly #onRoom: () => void;
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  /** The part of the batch that was not put into `chunks` yet. */
  #start = 0;
  #end = 0;
  #chunks: { bytes: Buffer; done: (() => void) | undefined }[] = [];
  #chunkBytes = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;
  /** Answers given since the byte stream was last empty. */
  #answers = 0;
  readonly #schedule = () => nextTick(() => this.flush());

  /** `onRoom` is called when payload may be sent again after `hasRoom` was false. */
  constructor(stream: Duplex, onRoom: () => void) {
    this.#stream = stream;
    this.#onRoom = onRoom;
    stream.on("drain", () => {
      this.#blocked = false;
      this.#answers = 0;
      this.#onRoom();
    });
  }

  /** False while the peer does not keep up: payload should then wait in its stream. */
  get hasRoom(): boolean {
    return !this.#blocked && !this.#closed;
  }

  /** Writes a frame without payload. */
  frame(type: number, flags: number, streamId: number, length: number): void {
    if (this.#closed) return;
    if (this.#end + headerBytes > batchBytes) this.#startBatch();
    const batch = this.#batch;
    let at = this.#end;
    batch[at++] = 0;
    batch[at++] = type;
    at = batch.writeUInt16BE(flags, at);
    at = batch.writeUInt32BE(streamId, at);
    this.#end = batch.writeUInt32BE(length, at);
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#schedule);
    }
  }

  /** The same for a frame that the peer asked for. Throws like `countAnswer`. */
  answer(type: number, flags: number, streamId: number, length: number): void {
    this.countAnswer();
    this.frame(type, flags, streamId, length);
  }

  /** The peer does what we answer with a few frames. Throws ViolationFault when it does so on and on and reads nothing. */
  countAnswer(): void {
    if (this.#stream.writableLength === 0) this.#answers = 0;
    if (++this.#answers > maxUnreadAnswers) {
      throw new ViolationFault("unread-answers", `${maxUnreadAnswers} answers wait, and none is read`);
    }
  }

  /**
   * Writes payload behind a frame header, at most `maxCopiedBytes` when it may be copied. The bytes must not change
   * until `done` is called: at once when they were copied, else when the byte stream has taken them. It is not called
   * when the session ends first.
   */
  payload(bytes: Buffer, mayCopy: boolean, done: (() => void) | undefined): void {
    if (mayCopy) {
      if (this.#end + bytes.length > batchBytes) this.#startBatch();
      this.#end += bytes.copy(this.#batch, this.#end);
      done?.();
    } else {
      this.#cut();
      this.#chunks.push({ bytes, done });
      this.#chunkBytes += bytes.length;
    }
    if (this.#chunkBytes + this.#end - this.#start >= gatherBytes) this.#send();
  }

  /** The turn ends. */
  flush(): void {
    this.#scheduled = false;
    this.#send();
  }

  /** What is written from now on is dropped. */
  close(): void {
    this.#closed = true;
    this.#chunks = [];
  }

  /** Moves the filled part of the batch behind the chunks. */
  #cut(): void {
    if (this.#end === this.#start) return;
    this.#chunks.push({ bytes: this.#batch.subarray(this.#start, this.#end), done: undefined });
    this.#chunkBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  #startBatch(): void {
    this.#cut();
    this.#batch = Buffer.allocUnsafeSlow(batchBytes);
    this.#start = 0;
    this.#end = 0;
  }

  #send(): void {
    if (this.#closed) return;
    this.#cut();
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.#chunks = [];
    this.#chunkBytes = 0;
    const stream = this.#stream;
    if (chunks.length > 1) stream.cork();
    let room = true;
    for (const { bytes, done } of chunks) {
      room = done === undefined ? stream.write(bytes) : stream.write(bytes, done);
    }
    if (chunks.length > 1) stream.uncork();
    // Without a full buffer of its own the byte stream would never drain.
    if (!room && stream.writableLength >= highWaterBytes) this.#blocked = true;
  }
}
