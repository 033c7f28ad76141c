import type { Duplex } from "node:stream";
import { type ByteWriter, writerOf } from "../http2/direct-writing.js";
import { nextTick } from "../runtime.js";
import { headerBytes } from "./constants.js";
import { ViolationFault } from "./error.js";

const maxBatchBytes = 32 * 1024;
/** A session that rests needs little. */
const firstBatchBytes = 1024;
/** Payloads up to this are better copied behind their header than handed on by themselves. */
const maxCopiedBytes = 4 * 1024;
/** So many bytes may wait in the byte stream before payload stays in its stream. */
const highWaterBytes = 256 * 1024;
/** So much is gathered in one turn before it goes ahead. */
const gatherBytes = 64 * 1024;
/** Answers that may wait for a peer that does not read. */
const maxUnreadAnswers = 10_000;

/** Called when bytes have left, or with an error when they never will. */
export type Taken = (error?: Error | null) => void;

/** Gathers the frames of one turn of the event loop and hands them to the byte stream in one go. */
export class Output {
  readonly #stream: ByteWriter;
  readonly #onRoom: () => void;
  #batch = Buffer.allocUnsafeSlow(firstBatchBytes);
  /** The part of the batch that was not put into `chunks` yet. */
  #start = 0;
  #end = 0;
  #chunks: { bytes: Uint8Array; taken: Taken | undefined }[] = [];
  #chunkBytes = 0;
  /** Payloads that are not copied, and not taken either. */
  #referred = 0;
  #corked = false;
  #scheduled = false;
  #blocked = false;
  #closed = false;
  /** Answers given since the byte stream was last empty. */
  #answers = 0;
  readonly #schedule = () => nextTick(this.#flush);
  readonly #flush = () => this.flush();
  readonly #onTaken = () => {
    if (this.#blocked && this.#stream.writableLength <= highWaterBytes / 2) this.#unblock();
  };

  /** `onRoom` is called when payload may be sent again after `hasRoom` was false. */
  constructor(stream: Duplex, onRoom: () => void) {
    this.#onRoom = onRoom;
    this.#stream = writerOf(stream, () => {
      this.#answers = 0;
      this.#unblock();
    });
  }

  /** Whether bytes are done with when they are taken; see {@link ByteWriter}. */
  get copies(): boolean {
    return this.#stream.copies;
  }

  /** False while the peer does not keep up: payload should then wait in its stream. */
  get hasRoom(): boolean {
    return !this.#blocked && !this.#closed;
  }

  /** Bytes of all streams that have not left. */
  get unsentBytes(): number {
    return this.#stream.writableLength + this.#chunkBytes + this.#end - this.#start;
  }

  /** Writes a frame without payload. */
  frame(type: number, flags: number, streamId: number, length: number): void {
    if (this.#closed) return;
    if (this.#end + headerBytes > this.#batch.length) this.#startBatch(headerBytes);
    const batch = this.#batch;
    let at = this.#end;
    batch[at++] = 0;
    batch[at++] = type;
    at = batch.writeUInt16BE(flags, at);
    at = batch.writeUInt32BE(streamId, at);
    this.#end = batch.writeUInt32BE(length, at);
    if (this.#scheduled || this.#corked) return;
    this.#scheduled = true;
    queueMicrotask(this.#schedule);
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
   * Writes payload behind a frame header. Returns true when it was copied and all before it has been taken: `taken` is the caller's
   * to call then. Else the bytes must not change until `taken` is called.
   */
  payload(bytes: Uint8Array, taken: Taken | undefined): boolean {
    if (bytes.length > maxCopiedBytes) {
      this.#cut(undefined);
      this.#referred++;
      this.#add(bytes, (error) => {
        this.#referred--;
        taken?.(error);
        this.#onTaken();
      });
    } else {
      if (this.#end + bytes.length > this.#batch.length) this.#startBatch(bytes.length);
      this.#batch.set(bytes, this.#end);
      this.#end += bytes.length;
      if (this.#referred === 0) return true;
      if (taken !== undefined) this.#cut(taken);
    }
    return false;
  }

  /** What is written until `uncork` leaves then. */
  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    this.#send();
  }

  /** So much was gathered that it goes ahead of the rest. To be called between frames. */
  flushLarge(): void {
    const limit = this.#corked ? highWaterBytes : gatherBytes;
    if (this.#chunkBytes + this.#end - this.#start >= limit) this.#send();
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
    this.#chunkBytes = 0;
  }

  #add(bytes: Uint8Array, taken: Taken | undefined): void {
    this.#chunks.push({ bytes, taken });
    this.#chunkBytes += bytes.length;
  }

  /** Moves the filled part of the batch behind the chunks. */
  #cut(taken: Taken | undefined): void {
    if (this.#end === this.#start) return;
    this.#add(this.#batch.subarray(this.#start, this.#end), taken);
    this.#start = this.#end;
  }

  #startBatch(neededBytes: number): void {
    this.#cut(undefined);
    const bytes = Math.min(this.#batch.length * 2, maxBatchBytes);
    this.#batch = Buffer.allocUnsafeSlow(Math.max(bytes, neededBytes));
    this.#start = 0;
    this.#end = 0;
  }

  #send(): void {
    if (this.#closed) return;
    const stream = this.#stream;
    let room: boolean;
    if (this.#chunks.length === 0) {
      if (this.#end === this.#start) return;
      const bytes = this.#batch.subarray(this.#start, this.#end);
      this.#start = this.#end;
      room = stream.write(bytes);
    } else {
      room = this.#sendChunks();
    }
    const unsent = stream.writableLength;
    // Without a full buffer of its own the byte stream would never drain.
    if (!room && unsent >= highWaterBytes) this.#blocked = true;
    else if (unsent === 0 && stream.copies && this.#chunks.length === 0 && this.#start === this.#end) {
      this.#start = this.#end = 0;
    }
  }

  #sendChunks(): boolean {
    this.#cut(undefined);
    const stream = this.#stream;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    let room = true;
    stream.cork();
    for (const { bytes, taken } of chunks) room = stream.write(bytes, taken);
    stream.uncork();
    return room;
  }

  #unblock(): void {
    this.#blocked = false;
    this.#onRoom();
  }
}
