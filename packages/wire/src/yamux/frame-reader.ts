import { FrameType, headerBytes } from "./constants.js";
import { ViolationFault } from "./error.js";

/** Gets what a {@link FrameReader} finds. */
export interface FrameSink {
  /** A header is complete. The payload of a data frame follows in pieces. */
  onFrame(type: number, flags: number, streamId: number, length: number): void;
  /** A piece of the payload of the data frame whose header came last; the last piece has nothing `left` behind it. */
  onPayload(bytes: Buffer, left: number): void;
}

/**
 * Cuts a byte stream into yamux frames, whatever the chunk boundaries, and holds no more than a header of them.
 * Throws ViolationFault for a version or type that there is not.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(headerBytes);
  #have = 0;
  /** Payload bytes of the present data frame that have not come. */
  #left = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Nothing more is handed to the sink, also when called from inside it. */
  stop(): void {
    this.#stopped = true;
  }

  push(chunk: Buffer): void {
    let pos = 0;
    while (!this.#stopped && pos < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, pos + this.#left);
        this.#left -= end - pos;
        this.#sink.onPayload(chunk.subarray(pos, end), this.#left);
        pos = end;
      } else if (this.#have === 0 && chunk.length - pos >= headerBytes) {
        this.#read(chunk, pos);
        pos += headerBytes;
      } else {
        const end = Math.min(chunk.length, pos + headerBytes - this.#have);
        chunk.copy(this.#header, this.#have, pos, end);
        this.#have += end - pos;
        pos = end;
        if (this.#have < headerBytes) return;
        this.#have = 0;
        this.#read(this.#header, 0);
      }
    }
  }

  #read(bytes: Buffer, at: number): void {
    if (bytes[at] !== 0) throw new ViolationFault("version", `version ${bytes[at]} of yamux, known is 0`);
    const type = bytes[at + 1]!;
    if (type > FrameType.goAway) throw new ViolationFault("frame-type", `a frame of unknown type ${type}`);
    const length = bytes.readUInt32BE(at + 8);
    if (type === FrameType.data) this.#left = length;
    this.#sink.onFrame(type, bytes.readUInt16BE(at + 2), bytes.readUInt32BE(at + 4), length);
  }
}
