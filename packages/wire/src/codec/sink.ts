import { Buffer } from "node:buffer";

const initialBytes = 4096;
/** A message over this size is not worth keeping its memory for the next one. */
const keptBytes = 4 * 1024 * 1024;

/** Where the bytes of one message go. It is used again for the next message, so nothing is allocated for small ones. */
export class Sink {
  bytes = Buffer.allocUnsafeSlow(initialBytes);
  position = 0;

  /** Begins a new message. What was taken of the last one is overwritten. */
  reset(): void {
    this.position = 0;
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Writes elsewhere from now on. */
  replace(bytes: Buffer<ArrayBuffer>): void {
    this.bytes = bytes;
  }

  /** Makes sure that `size` more bytes fit. */
  reserve(size: number): void {
    const needed = this.position + size;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
  }

  /** An unsigned 32-bit varint. */
  uint32(value: number): void {
    this.reserve(5);
    const { bytes } = this;
    let at = this.position;
    let left = value;
    while (left > 0x7f) {
      bytes[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    bytes[at++] = left;
    this.position = at;
  }

  /** A 64-bit varint of the two's complement of `value`. */
  varint64(value: bigint): void {
    let left = BigInt.asUintN(64, value);
    this.reserve(10);
    const { bytes } = this;
    let at = this.position;
    while (left > 0x7fn) {
      bytes[at++] = Number(left & 0x7fn) | 0x80;
      left >>= 7n;
    }
    bytes[at++] = Number(left);
    this.position = at;
  }

  raw(chunk: Uint8Array): void {
    this.reserve(chunk.length);
    this.bytes.set(chunk, this.position);
    this.position += chunk.length;
  }

  /** Length and UTF-8 of a text. Lone surrogates become U+FFFD, as TextEncoder has it. */
  string(text: string): void {
    const { length } = text;
    if (length < 0x80) {
      this.reserve(length + 1);
      const { bytes } = this;
      let at = this.position + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at++] = code;
      }
      if (i === length) {
        bytes[this.position] = length;
        this.position = at;
        return;
      }
    }
    const size = Buffer.byteLength(text, "utf8");
    this.uint32(size);
    this.reserve(size);
    this.position += this.bytes.write(text, this.position, "utf8");
  }

  /** Begins a part whose length goes in front of it. Returns what `join` wants. */
  fork(): number {
    this.reserve(1);
    return this.position++;
  }

  /** Ends the part that `fork` began. */
  join(start: number): void {
    const length = this.position - start - 1;
    if (length < 0x80) {
      this.bytes[start] = length;
      return;
    }
    const prefix = length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5;
    this.reserve(prefix - 1);
    this.bytes.copyWithin(start + prefix, start + 1, this.position);
    this.position = start;
    this.uint32(length);
    this.position = start + prefix + length;
  }
}
