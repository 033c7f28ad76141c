import type { TakenMessage } from "./taken-message.js";

const prefixBytes = 5;
const minBlockBytes = 512;
const maxBlockBytes = 16_384;
/** A larger message that is nobody else's stays where it is. */
const minOwnBlockBytes = 1024;
const noBlock: Block = { bytes: new Uint8Array(0), end: 0, whole: undefined };

/** Messages one behind the other, each behind a prefix as on the wire; or one message, and whether it is compressed. */
interface Block {
  readonly bytes: Uint8Array;
  end: number;
  readonly whole: boolean | undefined;
}

/**
 * Messages that wait in a row, in memory of their own: a small message as an object takes thirty times the bytes in which
 * it came, and a peer may send a whole window of them.
 */
export class PackedMessages {
  readonly #blocks: Block[] = [];
  /** The last of `#blocks`. */
  #last = noBlock;
  /** Where the first message of the first block begins. */
  #start = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a copy of `bytes[start..end)`. */
  push(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    const length = end - start;
    const size = prefixBytes + length;
    let block = this.#last;
    if (block.whole !== undefined || block.end + size > block.bytes.length) {
      const room = Math.min(Math.max(minBlockBytes, block.bytes.length * 2), maxBlockBytes);
      block = { bytes: new Uint8Array(Math.max(room, size)), end: 0, whole: undefined };
      this.#add(block);
    }
    const { bytes: to, end: at } = block;
    to[at] = compressed ? 1 : 0;
    to[at + 1] = length >>> 24;
    to[at + 2] = length >>> 16;
    to[at + 3] = length >>> 8;
    to[at + 4] = length;
    to.set(bytes.subarray(start, end), at + prefixBytes);
    block.end += size;
    this.#count++;
  }

  /** Adds a message whose memory is nobody else's. */
  pushOwn(message: Uint8Array, compressed: boolean): void {
    if (message.length < minOwnBlockBytes) return this.push(message, 0, message.length, compressed);
    this.#add({ bytes: message, end: message.length, whole: compressed });
    this.#count++;
  }

  #add(block: Block): void {
    this.#blocks.push(block);
    this.#last = block;
  }

  /** Takes the first message. There must be one. */
  shift(taken: TakenMessage): void {
    const { bytes, end, whole } = this.#blocks[0]!;
    const at = this.#start;
    taken.bytes = bytes;
    taken.own = whole !== undefined;
    if (whole !== undefined) {
      taken.start = 0;
      taken.end = end;
      taken.compressed = whole;
    } else {
      const high = bytes[at + 1]! * 0x1000000;
      taken.start = at + prefixBytes;
      taken.end = taken.start + high + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
      taken.compressed = bytes[at] === 1;
    }
    this.#count--;
    this.#start = taken.end;
    if (taken.end < end) return;
    this.#start = 0;
    this.#blocks.shift();
    if (this.#blocks.length === 0) this.#last = noBlock;
  }
}
