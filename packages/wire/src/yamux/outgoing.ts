import { FrameType, initialWindowBytes } from "./constants.js";
import type { Output, Taken } from "./output.js";

/** Payload of one frame at most, so that streams take turns. */
export const maxPayloadBytes = 64 * 1024;

interface Piece {
  readonly bytes: Uint8Array;
  readonly taken: Taken | undefined;
}

/** What a stream has to send: pieces that wait for the window and for room in the byte stream, cut into frames. */
export class Outgoing {
  readonly #output: Output;
  readonly #id: number;
  #pieces: Piece[] = [];
  /** How much of the first piece was sent. */
  #sent = 0;
  #bytes = 0;
  /** What the peer still takes. */
  window = initialWindowBytes;

  constructor(output: Output, id: number) {
    this.#output = output;
    this.#id = id;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds bytes, which must not change until `taken` is called. That does not happen when the stream ends first. */
  add(bytes: Uint8Array, taken: Taken | undefined): void {
    this.#pieces.push({ bytes, taken });
    this.#bytes += bytes.length;
  }

  clear(): void {
    this.#pieces = [];
    this.#sent = 0;
    this.#bytes = 0;
  }

  /** Writes one data frame. There must be something that waits, and a window. */
  sendFrame(flags: number): void {
    const output = this.#output;
    let left = Math.min(this.#bytes, this.window, maxPayloadBytes);
    this.window -= left;
    this.#bytes -= left;
    output.frame(FrameType.data, flags, this.#id, left);
    let taken: Taken[] | undefined;
    while (left > 0) {
      const piece = this.#pieces[0]!;
      const from = this.#sent;
      const to = Math.min(piece.bytes.length, from + left);
      const isWhole = to === piece.bytes.length;
      const part = from === 0 && isWhole ? piece.bytes : piece.bytes.subarray(from, to);
      left -= to - from;
      this.#sent = isWhole ? 0 : to;
      if (isWhole) this.#pieces.shift();
      const isTaken = output.payload(part, isWhole ? piece.taken : undefined);
      if (isTaken && isWhole && piece.taken !== undefined) (taken ??= []).push(piece.taken);
    }
    output.flushLarge();
    // Who is told may write again, which is for the next frame.
    if (taken !== undefined) for (const tell of taken) tell();
  }
}
