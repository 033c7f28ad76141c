import type { Duplex } from "node:stream";
import type { Counters } from "../diagnostics/counters.js";
import { frameHeaderBytes } from "./constants.js";
import { type ByteWriter, writerOf } from "./direct-writing.js";
import { nextTick } from "../runtime.js";

/** Four frames of the usual size with their headers. */
const maxChunkBytes = 4 * (16_384 + frameHeaderBytes);
/** Buffers that wait to be used again, at most. */
const maxPooled = 4;
const minChunkBytes = 4096;
/** What a connection begins with: many do not say more than their settings for a long time. */
const firstChunkBytes = 1024;
/** A buffer that lasts for fewer flushes is followed by one of twice the size, else by one of half. */
const fewFlushes = 16;
const earlyBytes = 2048;

/**
 * Gathers everything that is written in one turn of the event loop and hands it to the stream in one write.
 * Sixty-four calls that are made or answered in one turn leave in a few system calls: 2 times the calls per second
 * of one write a frame on a unix socket.
 */
export class Output {
  readonly #stream: ByteWriter;
  readonly #counters: Counters;
  readonly #highWaterBytes: number;
  readonly #onDrain: () => void;
  /** Grows with what is written: most connections rest most of the time. */
  #chunkBytes = minChunkBytes;
  #buffer: Buffer = Buffer.allocUnsafeSlow(firstChunkBytes);
  #flushes = 0;
  /** Where the bytes begin that were not handed to the stream yet. */
  #flushed = 0;
  #end = 0;
  /** A socket has copied what it has taken. Other streams may have passed it on as it is, to a reader who keeps it. */
  readonly copies: boolean;
  /** What goes ahead of the rest of `#buffer`, and what is to be done when the stream has taken it. */
  #queue: { bytes: Uint8Array; taken: (() => void) | undefined }[] = [];
  /**
   * Large buffers whose bytes the stream has taken. With new ones every time a stream of large messages spends a third of
   * its time on the garbage collector.
   */
  #pool: Buffer[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  /** As soon as this many bytes wait, those go ahead of the rest of the turn. */
  #early = earlyBytes;
  #closed = false;
  #blocked = false;
  readonly #flush = () => this.flush();
  /**
   * By way of a microtask to the tick queue: the flush comes after every promise job that this turn has still to run,
   * so answers of async handlers gather too.
   */
  readonly #schedule = () => nextTick(this.#flush);

  constructor(stream: Duplex, highWaterBytes: number, counters: Counters, onDrain: () => void) {
    this.#stream = writerOf(stream, () => {
      this.#blocked = false;
      this.#onDrain();
    });
    this.copies = this.#stream.copies;
    this.#counters = counters;
    this.#highWaterBytes = highWaterBytes;
    this.#onDrain = onDrain;
  }

  /** False while the peer does not keep up: message data should then wait in its stream. */
  get hasRoom(): boolean {
    return !this.#blocked && this.#queuedBytes + this.#end - this.#flushed < this.#highWaterBytes;
  }

  /** Bytes that wait for the end of the turn, or for the peer to read. */
  get unreadBytes(): number {
    return this.#stream.writableLength + this.#queuedBytes + this.#end - this.#flushed;
  }

  /** Makes sure that `bytes` fit behind the write position and returns the buffer to write into, from `position`. */
  reserve(bytes: number): Buffer {
    if (this.#end + bytes > this.#buffer.length) {
      if (this.#end > this.#flushed) {
        const buffer = this.#buffer;
        this.#enqueue(buffer.subarray(this.#flushed, this.#end), () => this.#release(buffer));
      }
      this.#chunkBytes =
        this.#flushes < fewFlushes
          ? Math.min(this.#chunkBytes * 2, maxChunkBytes)
          : Math.max(this.#chunkBytes / 2, minChunkBytes);
      this.#flushes = 0;
      this.#buffer = this.#nextBuffer(bytes);
      this.#flushed = 0;
      this.#end = 0;
    }
    return this.#buffer;
  }

  #enqueue(bytes: Uint8Array, taken: (() => void) | undefined): void {
    this.#queue.push({ bytes, taken });
    this.#queuedBytes += bytes.length;
  }

  /**
   * Appends bytes where they are, without a copy. Nobody may write them until `taken` is called, which does not happen when
   * the connection ends before.
   */
  refer(bytes: Uint8Array, taken: (() => void) | undefined): void {
    if (this.#end > this.#flushed) this.#enqueue(this.#buffer.subarray(this.#flushed, this.#end), undefined);
    this.#flushed = this.#end;
    this.#enqueue(bytes, () => {
      this.#goOn();
      taken?.();
    });
    this.#plan();
  }

  #nextBuffer(bytes: number): Buffer {
    if (this.#chunkBytes < maxChunkBytes) this.#pool = [];
    else if (bytes <= maxChunkBytes && this.#pool.length > 0) return this.#pool.pop()!;
    return Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, bytes));
  }

  /** The stream has taken the last bytes of a buffer, so it has taken those before them too. */
  #release(buffer: Buffer): void {
    this.#goOn();
    if (buffer.length === maxChunkBytes && this.#pool.length < maxPooled && this.copies && !this.#closed)
      this.#pool.push(buffer);
  }

  /** Half of what may wait is gone: going on now keeps the peer busy, waiting for "drain" would let both sides rest. */
  #goOn(): void {
    if (!this.#blocked || this.#stream.writableLength > this.#highWaterBytes / 2) return;
    this.#blocked = false;
    this.#onDrain();
  }

  get position(): number {
    return this.#end;
  }

  /** Bytes up to `end` of the reserved buffer are written. */
  advance(end: number): void {
    this.#end = end;
    this.#plan();
  }

  #plan(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#schedule);
  }

  /** Writes a frame header (RFC 9113 §4.1) at the position and returns the offset of its payload. Room must be reserved. */
  frameHeader(at: number, length: number, type: number, flags: number, streamId: number): number {
    this.#counters.framesOut++;
    const buffer = this.#buffer;
    buffer[at] = length >>> 16;
    buffer[at + 1] = length >>> 8;
    buffer[at + 2] = length;
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    buffer[at + 5] = streamId >>> 24;
    buffer[at + 6] = streamId >>> 16;
    buffer[at + 7] = streamId >>> 8;
    buffer[at + 8] = streamId;
    return at + frameHeaderBytes;
  }

  /** Appends a copy. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.#end);
    this.advance(this.#end + bytes.length);
  }

  /** Appends a whole small frame. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const buffer = this.reserve(frameHeaderBytes + payload.length);
    const at = this.frameHeader(this.#end, payload.length, type, flags, streamId);
    buffer.set(payload, at);
    this.advance(at + payload.length);
  }

  /**
   * A call has been written: once 2 KiB wait they leave, then 4 KiB and so on, until the turn ends. The peer works on the
   * first calls while we write the last ones: 1.45 times the calls per second at 64 callers.
   * To be called where a reaction of the peer at this very moment does no harm.
   */
  flushEarly(): void {
    if (this.#end - this.#flushed < this.#early || this.#blocked) return;
    if (this.#early < maxChunkBytes) this.#early *= 2;
    this.#send();
  }

  /** The turn ends. */
  flush(): void {
    this.#scheduled = false;
    this.#flushes++;
    this.#early = earlyBytes;
    this.#send();
  }

  #send(): void {
    if (this.#closed) return;
    const last = this.#end > this.#flushed ? this.#buffer.subarray(this.#flushed, this.#end) : undefined;
    this.#flushed = this.#end;
    if (this.#queue.length > 0) {
      const queue = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      this.#stream.cork();
      for (const { bytes, taken } of queue) {
        this.#write(bytes, taken === undefined ? undefined : (error) => error == null && taken());
      }
      if (last !== undefined) this.#write(last);
      this.#stream.uncork();
    } else if (last !== undefined) {
      this.#write(last);
    }
    if (!this.#blocked) this.#onDrain();
  }

  #write(chunk: Uint8Array, taken?: (error: Error | null | undefined) => void): void {
    this.#counters.bytesOut += chunk.length;
    if (!this.#stream.write(chunk, taken) && this.#stream.writableLength >= this.#highWaterBytes) this.#blocked = true;
  }

  /** What is written from now on is dropped. */
  close(): void {
    this.#closed = true;
    this.#pool = [];
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
