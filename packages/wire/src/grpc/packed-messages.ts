const prefixBytes = 5;
const blockBytes = 16_384;

/**
 * Messages that wait in a row, each behind a prefix as on the wire: a small message as an object of its own takes thirty
 * times the bytes in which it came, and a peer may send a whole window of them.
 */
export class PackedMessages {
  readonly #blocks: { bytes: Uint8Array; end: number }[] = [];
  /** Where the first message of the first block begins. */
  #start = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(message: Uint8Array, compressed: boolean): void {
    const size = prefixBytes + message.length;
    let block = this.#blocks.at(-1);
    if (block === undefined || block.end + size > block.bytes.length) {
      block = { bytes: new Uint8Array(Math.max(blockBytes, size)), end: 0 };
      this.#blocks.push(block);
    }
    const { bytes, end } = block;
    bytes[end] = compressed ? 1 : 0;
    bytes[end + 1] = message.length >>> 24;
    bytes[end + 2] = message.length >>> 16;
    bytes[end + 3] = message.length >>> 8;
    bytes[end + 4] = message.length;
    bytes.set(message, end + prefixBytes);
    block.end += size;
    this.#count++;
  }

  /** Takes the first message, a copy. There must be one. */
  shift(): { message: Uint8Array<ArrayBuffer>; compressed: boolean } {
    const { bytes, end } = this.#blocks[0]!;
    const at = this.#start + prefixBytes;
    const compressed = bytes[this.#start] === 1;
    const high = bytes[at - 4]! * 0x1000000;
    const next = at + high + ((bytes[at - 3]! << 16) | (bytes[at - 2]! << 8) | bytes[at - 1]!);
    const message = new Uint8Array(next - at);
    message.set(bytes.subarray(at, next));
    this.#start = next;
    this.#count--;
    if (next === end) {
      this.#blocks.shift();
      this.#start = 0;
    }
    return { message, compressed };
  }
}
