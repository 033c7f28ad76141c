/** Payloads smaller than this are copied together. A view keeps the whole chunk alive that it was cut from. */
const slabBytes = 16 * 1024;

/** Payload that no reader has asked for yet. Takes little more memory than it holds, however small its pieces came. */
export class ReceiveBuffer {
  readonly #overwrites: boolean;
  #chunks: Buffer[] = [];
  /** The chunk at the end while it is a slab of ours with room, and how much of it is filled. */
  #slab: Buffer | undefined;
  #filled = 0;
  #bytes = 0;

  /** With `overwrites` nothing that is pushed may be kept as it is. */
  constructor(overwrites: boolean) {
    this.#overwrites = overwrites;
  }

  /** Bytes held. */
  get length(): number {
    return this.#bytes;
  }

  push(bytes: Buffer): void {
    this.#bytes += bytes.length;
    let rest = bytes;
    if (this.#slab !== undefined) {
      const copied = rest.copy(this.#slab, this.#filled);
      this.#filled += copied;
      rest = rest.subarray(copied);
      if (this.#filled === slabBytes) this.#close();
    }
    if (rest.length === 0) return;
    if (rest.length >= slabBytes) {
      this.#close();
      this.#chunks.push(this.own(rest));
      return;
    }
    this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    this.#filled = rest.copy(this.#slab);
  }

  /** The oldest bytes, in a piece as large as there is; undefined when nothing is held. */
  shift(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#close();
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#bytes -= chunk.length;
    return chunk;
  }

  /** The same bytes in memory that may be kept, for a reader who gets them at once. */
  own(bytes: Buffer): Buffer {
    return this.#overwrites || bytes.length < slabBytes ? Buffer.from(bytes) : bytes;
  }

  clear(): void {
    this.#chunks = [];
    this.#slab = undefined;
    this.#filled = 0;
    this.#bytes = 0;
  }

  #close(): void {
    if (this.#slab === undefined) return;
    this.#chunks.push(this.#slab.subarray(0, this.#filled));
    this.#slab = undefined;
    this.#filled = 0;
  }
}
