import { PackedMessages } from "./packed-messages.js";
import type { TakenMessage } from "./taken-message.js";

/** Messages beyond these are packed at once: a chunk that a reader keeps up with seldom has so many. */
const maxLoose = 4096;

const nothing = new Uint8Array(0);

/**
 * The messages that a reader has not taken. Those of the chunk that came last lie where they came: a reader that keeps up
 * takes them before the turn ends, and nothing is copied. Older ones are packed, so that a small message keeps no large
 * chunk alive.
 */
export class QueuedMessages implements TakenMessage {
  // The message that was taken last.
  bytes: Uint8Array = nothing;
  start = 0;
  end = 0;
  compressed = false;
  own = false;
  /** Bytes that came for the messages that wait, prefixes included. */
  queuedBytes = 0;
  /** The chunk that came last, and a plain view of it: codecs are slower on a Buffer. */
  #received: Uint8Array = nothing;
  #chunk: Uint8Array = nothing;
  /** Start (twice, and one more for a compressed one) and end of each message in `#chunk`: those from `#next` to `#last`. */
  #spans: number[] = [];
  #next = 0;
  #last = 0;
  /** What came before the messages in `#chunk`. */
  #packed: PackedMessages | undefined;

  get isEmpty(): boolean {
    return this.queuedBytes === 0;
  }

  /** True while messages keep a chunk alive. */
  get areLoose(): boolean {
    return this.#next < this.#last;
  }

  /** A message of a chunk, or one that has its memory to itself. */
  push(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): void {
    this.queuedBytes += end - start + 5;
    if (own) {
      this.pack();
      (this.#packed ??= new PackedMessages()).pushOwn(bytes, compressed);
      return;
    }
    if (bytes !== this.#received || this.#last >= maxLoose * 2) {
      this.pack();
      this.#received = bytes;
      this.#chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.#spans[this.#last++] = compressed ? start * 2 + 1 : start * 2;
    this.#spans[this.#last++] = end;
  }

  /** Takes the first message, which must exist, into the fields. `release` follows. */
  shift(): void {
    if (this.#packed !== undefined) {
      this.#packed.shift(this);
      if (this.#packed.count === 0) this.#packed = undefined;
    } else {
      const spans = this.#spans;
      const from = spans[this.#next]!;
      this.bytes = this.#chunk;
      this.start = from >>> 1;
      this.end = spans[this.#next + 1]!;
      this.compressed = (from & 1) === 1;
      this.own = false;
      this.#next += 2;
      if (this.#next === this.#last) this.#forgetChunk();
    }
    this.queuedBytes -= this.end - this.start + 5;
  }

  /** The message that was taken is done with. */
  release(): void {
    this.bytes = nothing;
  }

  /** Nothing refers to a chunk any more. */
  pack(): void {
    if (!this.areLoose) return;
    const spans = this.#spans;
    const packed = (this.#packed ??= new PackedMessages());
    for (let i = this.#next; i < this.#last; i += 2) {
      const from = spans[i]!;
      packed.push(this.#chunk, from >>> 1, spans[i + 1]!, (from & 1) === 1);
    }
    this.#forgetChunk();
  }

  /** Gives back the memory that only a stream in full flow needs. */
  trim(): void {
    if (!this.areLoose) this.#spans = [];
  }

  /** Drops everything. */
  clear(): void {
    this.#packed = undefined;
    this.queuedBytes = 0;
    this.#forgetChunk();
  }

  #forgetChunk(): void {
    this.#received = nothing;
    this.#chunk = nothing;
    this.#next = 0;
    this.#last = 0;
  }
}
