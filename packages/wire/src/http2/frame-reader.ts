import { ErrorCode, frameHeaderBytes } from "./constants.js";
import { ConnectionFault } from "./error.js";

/** Gets each complete frame. The payload is `bytes[start..end)`; the bytes are never written again, so views may be kept. */
export type FrameSink = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/**
 * Cuts a byte stream into HTTP/2 frames (RFC 9113 §4.1), whatever the chunk boundaries.
 * Throws ConnectionFault FRAME_SIZE_ERROR as soon as a header announces more than `maxFrameBytes`.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  /** A frame that is not complete yet: header and the part of the payload that has come. */
  #partial: Buffer | undefined;
  #have = 0;
  #stopped = false;

  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#sink = sink;
  }

  /** Nothing more is handed to the sink, also when called from inside it. */
  stop(): void {
    this.#stopped = true;
    this.#partial = undefined;
  }

  /** A frame has begun and not ended. */
  get withinFrame(): boolean {
    return this.#partial !== undefined;
  }

  push(chunk: Buffer): void {
    let pos = 0;
    if (this.#partial !== undefined) pos = this.#complete(this.#partial, chunk);
    const { length } = chunk;
    while (!this.#stopped && this.#partial === undefined && length - pos >= frameHeaderBytes) {
      const size = this.#payloadBytes(chunk, pos);
      const end = pos + frameHeaderBytes + size;
      if (end > length) break;
      this.#emit(chunk, pos, end);
      pos = end;
    }
    if (!this.#stopped && this.#partial === undefined && pos < length) this.#stash(chunk, pos);
  }

  #payloadBytes(bytes: Buffer, at: number): number {
    const size = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (size > this.#maxFrameBytes) {
      throw new ConnectionFault(
        ErrorCode.frameSizeError,
        `a frame of ${size} bytes was announced, the limit is ${this.#maxFrameBytes}`,
      );
    }
    return size;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const streamId = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    this.#sink(bytes[at + 3]!, bytes[at + 4]!, streamId, bytes, at + frameHeaderBytes, end);
  }

  #stash(chunk: Buffer, pos: number): void {
    const rest = chunk.length - pos;
    const size = rest >= frameHeaderBytes ? frameHeaderBytes + this.#payloadBytes(chunk, pos) : frameHeaderBytes;
    this.#partial = Buffer.allocUnsafeSlow(size);
    this.#have = chunk.copy(this.#partial, 0, pos);
  }

  /** Adds bytes of the chunk to the partial frame; hands it on when complete. Returns how many bytes were used. */
  #complete(partial: Buffer, chunk: Buffer): number {
    let frame = partial;
    let pos = 0;
    for (;;) {
      const take = Math.min(frame.length - this.#have, chunk.length - pos);
      chunk.copy(frame, this.#have, pos, pos + take);
      this.#have += take;
      pos += take;
      if (this.#have < frame.length) return pos;
      const size = frameHeaderBytes + this.#payloadBytes(frame, 0);
      if (size === frame.length) break;
      const grown = Buffer.allocUnsafeSlow(size);
      frame.copy(grown);
      frame = grown;
      this.#partial = grown;
    }
    this.#partial = undefined;
    this.#have = 0;
    this.#emit(frame, 0, frame.length);
    return pos;
  }
}
