import { ErrorCode, Flag, FrameType, frameHeaderBytes } from "./constants.js";
import { ConnectionFault } from "./error.js";

/**
 * Gets each frame. The payload is `bytes[start..end)`, which is valid until the sink returns: what is kept must be copied.
 * A large DATA frame comes in parts as they arrive: `more` is true for all of them but the last, whose flags count.
 */
export type FrameSink = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
  more: boolean,
) => void;

/** Of a frame's header the first ones, which may say already that it is none: an alert of TLS is shorter than a header. */
const lengthBytes = 3;
/** Smaller parts of a DATA frame are gathered: each one that is handed on costs about as much as a frame. */
const minPartBytes = 1024;

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
  /** Bytes to come of a DATA frame that is handed on in parts. */
  #rest = 0;
  #restFlags = 0;
  #restId = 0;
  #stopped = false;

  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#sink = sink;
  }

  /** Nothing more is handed to the sink, also when called from inside it. */
  stop(): void {
    this.#stopped = true;
    this.#partial = undefined;
    this.#rest = 0;
  }

  /** A frame has begun and not ended. */
  get withinFrame(): boolean {
    return this.#partial !== undefined || this.#rest > 0;
  }

  /** Takes a chunk, none of which is kept. */
  push(chunk: Buffer): void {
    let pos = 0;
    if (this.#partial !== undefined) pos = this.#complete(this.#partial, chunk);
    else if (this.#rest > 0) pos = this.#continue(chunk, 0);
    const { length } = chunk;
    while (!this.#stopped && length - pos >= frameHeaderBytes && !this.withinFrame) {
      const size = this.#payloadBytes(chunk, pos);
      const end = pos + frameHeaderBytes + size;
      if (end > length) break;
      this.#sink(chunk[pos + 3]!, chunk[pos + 4]!, readStreamId(chunk, pos), chunk, pos + frameHeaderBytes, end, false);
      pos = end;
    }
    if (!this.#stopped && !this.withinFrame && pos < length) this.#begin(chunk, pos);
  }

  #payloadBytes(bytes: Buffer, at: number): number {
    const size = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (size > this.#maxFrameBytes) {
      throw new ConnectionFault(
        ErrorCode.frameSizeError,
        findStranger(size) ?? `a frame of ${size} bytes was announced, the limit is ${this.#maxFrameBytes}`,
      );
    }
    return size;
  }

  /** The chunk ends with part of a frame. */
  #begin(chunk: Buffer, pos: number): void {
    const have = chunk.length - pos;
    const announced = have >= lengthBytes ? this.#payloadBytes(chunk, pos) : 0;
    const size = have >= frameHeaderBytes ? announced : 0;
    const part = have - frameHeaderBytes;
    if (part < minPartBytes || chunk[pos + 3] !== FrameType.data || (chunk[pos + 4]! & Flag.padded) !== 0) {
      this.#partial = Buffer.allocUnsafeSlow(frameHeaderBytes + size);
      this.#have = chunk.copy(this.#partial, 0, pos);
      return;
    }
    this.#rest = size - part;
    this.#restFlags = chunk[pos + 4]!;
    this.#restId = readStreamId(chunk, pos);
    this.#sink(FrameType.data, 0, this.#restId, chunk, pos + frameHeaderBytes, chunk.length, true);
  }

  /** Hands on more of the DATA frame that has begun, from `pos` of the chunk. Returns where the frame ends in the chunk. */
  #continue(chunk: Buffer, pos: number): number {
    const come = chunk.length - pos;
    if (come === 0) return pos;
    if (come < this.#rest && come < minPartBytes) {
      // What is left becomes a frame of its own.
      const rest = Buffer.allocUnsafeSlow(frameHeaderBytes + this.#rest);
      rest.writeUIntBE(this.#rest, 0, 3);
      rest[3] = FrameType.data;
      rest[4] = this.#restFlags;
      rest.writeUInt32BE(this.#restId, 5);
      this.#have = frameHeaderBytes + chunk.copy(rest, frameHeaderBytes, pos);
      this.#partial = rest;
      this.#rest = 0;
      return chunk.length;
    }
    const take = Math.min(this.#rest, come);
    this.#rest -= take;
    const more = this.#rest > 0;
    this.#sink(FrameType.data, more ? 0 : this.#restFlags, this.#restId, chunk, pos, pos + take, more);
    return pos + take;
  }

  /** Adds bytes of the chunk to the partial frame; hands it on when complete. Returns how many bytes were used. */
  #complete(partial: Buffer, chunk: Buffer): number {
    let frame = partial;
    let pos = 0;
    if (this.#have < frameHeaderBytes) {
      pos = this.#fill(frame, chunk, pos);
      if (this.#have < frameHeaderBytes) {
        if (this.#have >= lengthBytes) this.#payloadBytes(frame, 0);
        return pos;
      }
      const size = this.#payloadBytes(frame, 0);
      if (size > 0 && frame[3] === FrameType.data && (frame[4]! & Flag.padded) === 0) {
        this.#partial = undefined;
        this.#rest = size;
        this.#restFlags = frame[4]!;
        this.#restId = readStreamId(frame, 0);
        return this.#continue(chunk, pos);
      }
      const grown = Buffer.allocUnsafeSlow(frameHeaderBytes + size);
      frame.copy(grown);
      frame = grown;
      this.#partial = grown;
    }
    pos = this.#fill(frame, chunk, pos);
    if (this.#have < frame.length) return pos;
    this.#partial = undefined;
    this.#sink(frame[3]!, frame[4]!, readStreamId(frame, 0), frame, frameHeaderBytes, frame.length, false);
    return pos;
  }

  /** Copies from the chunk as much as the frame has room for. Returns where the copied bytes end in the chunk. */
  #fill(frame: Buffer, chunk: Buffer, pos: number): number {
    const copied = chunk.copy(frame, this.#have, pos);
    this.#have += copied;
    return pos + copied;
  }
}

/** What speaks, where the length of a frame is the beginning of another protocol. */
function findStranger(size: number): string | undefined {
  if (size === 0x485454) return "the peer speaks HTTP/1, not HTTP/2; another program may listen at this address";
  // A TLS record: an alert or a handshake, of any version.
  if (size >> 8 === 0x1503 || size >> 8 === 0x1603) return "the peer speaks TLS; connect to it with TLS";
  return undefined;
}

function readStreamId(bytes: Buffer, at: number): number {
  return ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
}
