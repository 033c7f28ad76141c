/** Longer texts are left to TextDecoder, whose cost hardly grows for ASCII. */
const shortText = 48;
/** Up to here a loop is faster than a call that copies. */
const shortBytes = 12;

const nothing = new Uint8Array(0);

/** Bytes that the compiled reader does not take: fromBinary is to read them, or to find the words for what is wrong. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** Where the bytes of one message come from. It is used again for the next message. */
export class Source {
  bytes: Uint8Array = nothing;
  position = 0;
  /** Where the innermost message or packed list ends. */
  end = 0;
  /** How many messages are open. */
  depth = 0;
  /** The halves of the last 64-bit varint, as signed numbers. */
  low = 0;
  high = 0;
  #unreadable: Unreadable | undefined;
  readonly #scratch = new DataView(new ArrayBuffer(8));
  // Made when needed: a connection may never see a text that is not short.
  #strict: InstanceType<typeof TextDecoder> | undefined;
  #lenient: InstanceType<typeof TextDecoder> | undefined;

  /** One for all: what is thrown must cost a hostile peer's messages nothing more than the second reading. */
  get unreadable(): Unreadable {
    return (this.#unreadable ??= new Unreadable("not for the compiled reader"));
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.depth = 0;
  }

  /** Lets go of the input. */
  close(): void {
    this.bytes = nothing;
  }

  /** Number and wire type of a field. */
  tag(): number {
    const at = this.position;
    if (at < this.end) {
      const byte = this.bytes[at]!;
      if (byte < 0x80) {
        this.position = at + 1;
        return byte;
      }
    }
    const tag = this.longUint32();
    const size = this.position - at;
    if (size > 5 || (size === 5 && this.bytes[at + 4]! > 0x0f)) throw this.unreadable;
    return tag;
  }

  /** The low 32 bits of a varint. */
  uint32(): number {
    const at = this.position;
    if (at < this.end) {
      const byte = this.bytes[at]!;
      if (byte < 0x80) {
        this.position = at + 1;
        return byte;
      }
    }
    return this.longUint32();
  }

  private longUint32(): number {
    const { bytes, end } = this;
    let at = this.position;
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.unreadable;
      const byte = bytes[at++]!;
      if (shift < 35) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = at;
        return result >>> 0;
      }
    }
    throw this.unreadable;
  }

  /** Reads a 64-bit varint into `low` and `high`. */
  varint64(): void {
    const { bytes, end } = this;
    let at = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.unreadable;
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.position = at;
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw this.unreadable;
  }

  /** Four bytes, little-endian, as a signed number. */
  fixed32(): number {
    const { bytes, position: at } = this;
    if (this.end - at < 4) throw this.unreadable;
    this.position = at + 4;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  float(): number {
    this.#scratch.setInt32(0, this.fixed32(), true);
    return this.#scratch.getFloat32(0, true);
  }

  double(): number {
    this.#scratch.setInt32(0, this.fixed32(), true);
    this.#scratch.setInt32(4, this.fixed32(), true);
    return this.#scratch.getFloat64(0, true);
  }

  /** The length of what follows, which is known to be there. */
  length(): number {
    const length = this.uint32();
    if (length > this.end - this.position) throw this.unreadable;
    return length;
  }

  /** A length and as many bytes, copied. */
  copy(): Uint8Array {
    const length = this.length();
    const start = this.position;
    this.position = start + length;
    return this.copyOf(start, this.position);
  }

  copyOf(start: number, end: number): Uint8Array {
    const { bytes } = this;
    const length = end - start;
    if (length <= shortBytes) {
      const copy = new Uint8Array(length);
      for (let i = 0; i < length; i++) copy[i] = bytes[start + i]!;
      return copy;
    }
    // Not of a Buffer: its slice would be another Buffer, and a view on the same memory.
    if (bytes.constructor !== Uint8Array) {
      this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.bytes.slice(start, end);
  }

  /** A length and a text in UTF-8 of as many bytes. */
  string(isStrict: boolean): string {
    const { bytes } = this;
    const length = this.length();
    const start = this.position;
    const end = start + length;
    this.position = end;
    if (length <= shortText) {
      const text = shortAscii(bytes, start, end);
      if (text !== undefined) return text;
    }
    const encoded = bytes.subarray(start, end);
    if (!isStrict) {
      this.#lenient ??= new TextDecoder("utf-8", { ignoreBOM: true });
      return this.#lenient.decode(encoded);
    }
    this.#strict ??= new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
    try {
      return this.#strict.decode(encoded);
    } catch {
      throw this.unreadable;
    }
  }

  /** Passes over the value of an unknown field. */
  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        do {
          if (this.position >= this.end) throw this.unreadable;
        } while (this.bytes[this.position++]! >= 0x80);
        return;
      case 1:
        return this.advance(8);
      case 2:
        return this.advance(this.length());
      case 5:
        return this.advance(4);
      default:
        throw this.unreadable;
    }
  }

  advance(size: number): void {
    if (size > this.end - this.position) throw this.unreadable;
    this.position += size;
  }
}

/** A text of ASCII only, by eight characters at once: one call for each of them takes three times as long. */
function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at]!;
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    const d = bytes[at + 3]!;
    const e = bytes[at + 4]!;
    const f = bytes[at + 5]!;
    const g = bytes[at + 6]!;
    const h = bytes[at + 7]!;
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; at + 3 <= end; at += 3) {
    const a = bytes[at]!;
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    if ((a | b | c) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c);
  }
  for (; at < end; at++) {
    const code = bytes[at]!;
    if (code > 0x7f) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}
