import { HpackDecoder } from "../hpack/decoder.js";
import { HpackError } from "../hpack/error.js";
import type { DecodedHeaders } from "../hpack/field.js";
import { ErrorCode, Flag } from "./constants.js";
import { ConnectionFault } from "./error.js";
import { unpad } from "./payloads.js";

/** A header block may take this many times the header list limit before it is decoded; beyond it the connection ends. */
const maxBlockRatio = 2;
/** A header block may come in at most so many CONTINUATION frames. */
const maxContinuations = 64;

/** A decoded header block and where it belongs. */
export interface IncomingHeaders extends DecodedHeaders {
  readonly id: number;
  readonly endStream: boolean;
}

/** Puts HEADERS and CONTINUATION frames (RFC 9113 §6.2, §6.10) together and decodes them. */
export class HeaderBlocks {
  readonly #decoder: HpackDecoder;
  readonly #maxBlockBytes: number;
  /** The stream whose block is not complete; 0 when none is. No other frame may come in between. */
  pendingStreamId = 0;
  #endStream = false;
  #parts: Buffer[] = [];
  #partBytes = 0;

  constructor(maxHeaderListBytes: number) {
    this.#decoder = new HpackDecoder({ maxHeaderListBytes });
    this.#maxBlockBytes = maxHeaderListBytes * maxBlockRatio;
  }

  /** A HEADERS frame. Returns the decoded block when it is complete. */
  begin(flags: number, id: number, bytes: Buffer, start: number, end: number): IncomingHeaders | undefined {
    if (id === 0) throw new ConnectionFault(ErrorCode.protocolError, "HEADERS on stream 0");
    let [from, to] = unpad(flags, bytes, start, end, "HEADERS");
    if ((flags & Flag.priority) !== 0) {
      if (to - from < 5) throw new ConnectionFault(ErrorCode.frameSizeError, "HEADERS is too short for its priority");
      if ((bytes.readUInt32BE(from) & 0x7fffffff) === id) {
        throw new ConnectionFault(ErrorCode.protocolError, `stream ${id} depends on itself`);
      }
      from += 5;
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.#decode(id, endStream, bytes, from, to);
    this.pendingStreamId = id;
    this.#endStream = endStream;
    this.#gather(bytes.subarray(from, to));
    return undefined;
  }

  /** A CONTINUATION frame. Returns the decoded block when it is complete. */
  add(flags: number, id: number, bytes: Buffer, start: number, end: number): IncomingHeaders | undefined {
    if (this.pendingStreamId === 0) {
      throw new ConnectionFault(ErrorCode.protocolError, `CONTINUATION on stream ${id} without HEADERS`);
    }
    this.#gather(bytes.subarray(start, end));
    if ((flags & Flag.endHeaders) === 0) return undefined;
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    this.pendingStreamId = 0;
    return this.#decode(id, this.#endStream, block, 0, block.length);
  }

  #gather(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes > this.#maxBlockBytes || this.#parts.length > maxContinuations) {
      throw new ConnectionFault(
        ErrorCode.enhanceYourCalm,
        `a header block of more than ${this.#maxBlockBytes} bytes or ${maxContinuations} CONTINUATION frames`,
      );
    }
    this.#parts.push(Buffer.from(part));
  }

  #decode(id: number, endStream: boolean, block: Buffer, start: number, end: number): IncomingHeaders {
    try {
      const { fields, truncated, listBytes } = this.#decoder.decode(block, start, end);
      return { id, endStream, fields, truncated, listBytes };
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionFault(ErrorCode.compressionError, error.message);
    }
  }
}
