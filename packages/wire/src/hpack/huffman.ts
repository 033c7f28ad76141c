import { HpackError } from "./error.js";
import { huffmanCodeLengths } from "./huffman-table.js";

const eos = 256;
const longest = 30;

/** Codes by octet, with the length of each in bits. */
interface EncodeTables {
  readonly codes: Uint32Array;
  readonly lengths: Uint8Array;
}

/**
 * What a decoder looks at. A table of all states by four bits decodes as fast and takes ten times as long to make
 * (1.8 ms against 0.2 ms in a fresh process), which a plugin would pay at each start.
 */
interface DecodeTables {
  /** By the next eight bits: length << 8 | octet of the code that they begin with; 0 where it is longer. */
  readonly short: Uint16Array;
  /** By length: what the next 32 bits must be less than for the code to be that long, or shorter. */
  readonly limits: Float64Array;
  /** By length: the place of its first code in `symbols`, less that code. */
  readonly places: Int32Array;
  /** The symbols in the order of their codes. */
  readonly symbols: Uint16Array;
}

// Constants in all but the moment when they are made: nothing at import, once per process, at the first use.
let encodeTables: EncodeTables | undefined;
let decodeTables: DecodeTables | undefined;

function makeEncodeTables(): EncodeTables {
  const lengths = Uint8Array.from(huffmanCodeLengths);
  const codes = new Uint32Array(eos + 1);
  const next = firstCodes(lengths);
  for (let symbol = 0; symbol <= eos; symbol++) codes[symbol] = next[lengths[symbol]!]!++;
  return { codes, lengths };
}

/** The first code of each length: one more than the last code of the length before, a bit longer. */
function firstCodes(lengths: Uint8Array): Uint32Array {
  const counts = new Uint16Array(longest + 1);
  for (let symbol = 0; symbol <= eos; symbol++) counts[lengths[symbol]!]!++;
  const first = new Uint32Array(longest + 1);
  for (let length = 1; length <= longest; length++) first[length] = (first[length - 1]! + counts[length - 1]!) * 2;
  return first;
}

/** The octets that `text` takes in the Huffman code, or -1 when it holds a character above 255. */
export function huffmanEncodedBytes(text: string): number {
  const { lengths } = (encodeTables ??= makeEncodeTables());
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return -1;
    bits += lengths[code]!;
  }
  return (bits + 7) >>> 3;
}

/**
 * Writes `text` (characters 0 to 255) in the Huffman code (RFC 7541 §5.2) at `offset`, padded with ones, and returns
 * the offset after it. The caller has made sure of `huffmanEncodedBytes` octets of room.
 */
export function huffmanEncode(text: string, out: Uint8Array, offset: number): number {
  const { codes, lengths } = (encodeTables ??= makeEncodeTables());
  let position = offset;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let code = codes[symbol]!;
    let length = lengths[symbol]!;
    // At most 7 bits wait, and 32 is what the integers below hold: a long code goes in two parts.
    if (length > 24) {
      length -= 16;
      pending = (pending << length) | (code >>> 16);
      pendingBits += length;
      while (pendingBits >= 8) {
        pendingBits -= 8;
        out[position++] = pending >>> pendingBits;
      }
      code &= 0xffff;
      length = 16;
    }
    pending = (pending << length) | code;
    pendingBits += length;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      out[position++] = pending >>> pendingBits;
    }
  }
  if (pendingBits > 0) out[position++] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
  return position;
}

function makeDecodeTables(): DecodeTables {
  const { codes, lengths } = (encodeTables ??= makeEncodeTables());
  const short = new Uint16Array(256);
  const first = firstCodes(lengths);
  const counts = new Uint16Array(longest + 1);
  for (let symbol = 0; symbol <= eos; symbol++) {
    const length = lengths[symbol]!;
    counts[length]!++;
    if (length > 8) continue;
    const start = codes[symbol]! << (8 - length);
    short.fill((length << 8) | symbol, start, start + (1 << (8 - length)));
  }
  const limits = new Float64Array(longest + 1);
  const places = new Int32Array(longest + 1);
  let place = 0;
  for (let length = 1; length <= longest; length++) {
    limits[length] = (first[length]! + counts[length]!) * 2 ** (32 - length);
    places[length] = place - first[length]!;
    place += counts[length]!;
  }
  const symbols = new Uint16Array(eos + 1);
  for (let symbol = 0; symbol <= eos; symbol++) symbols[places[lengths[symbol]!]! + codes[symbol]!] = symbol;
  return { short, limits, places, symbols };
}

/** The octets that `length` octets of Huffman code can come to: the shortest code has five bits. */
export function maxHuffmanDecodedBytes(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes the octets `start` to `end` of `bytes` into `out` from 0 and returns the number written. `out` must hold
 * `maxHuffmanDecodedBytes(end - start)`. Fails with `HpackError` for EOS and for padding that is longer than seven bits
 * or not all ones (RFC 7541 §5.2).
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const tables = (decodeTables ??= makeDecodeTables());
  const { short } = tables;
  let position = start;
  let written = 0;
  // The low `ready` bits of `window` are those read and not yet decoded, never more than 15.
  let window = 0;
  let ready = 0;
  for (;;) {
    if (ready < 8) {
      if (position === end) break;
      window = ((window << 8) | bytes[position++]!) & 0xffff;
      ready += 8;
    }
    const entry = short[(window >>> (ready - 8)) & 0xff]!;
    if (entry !== 0) {
      out[written++] = entry;
      ready -= entry >>> 8;
      continue;
    }
    const at = position * 8 - ready;
    const length = longCodeLength(tables, bytes, at, end);
    out[written++] = longCodeOctet(tables, bytes, at, length, end);
    position = (at + length + 7) >>> 3;
    ready = position * 8 - (at + length);
    window = bytes[position - 1]!;
  }
  while (ready > 0) {
    const ones = 0xff >>> ready;
    const entry = short[((window << (8 - ready)) | ones) & 0xff]!;
    if (entry === 0 || entry >>> 8 > ready) break;
    out[written++] = entry;
    ready -= entry >>> 8;
  }
  // Padding is the start of EOS, which is all ones.
  const padding = (1 << ready) - 1;
  if ((window & padding) !== padding)
    throw new HpackError("a Huffman string of the header block ends with wrong padding");
  return written;
}

/** The 32 bits from bit `at` on, with ones beyond `end`. */
function bitsAt(bytes: Uint8Array, at: number, end: number): number {
  const position = at >>> 3;
  let value = 0;
  for (let i = position; i < position + 4; i++) value = (value << 8) | (i < end ? bytes[i]! : 0xff);
  const skip = at & 7;
  const fifth = position + 4 < end ? bytes[position + 4]! : 0xff;
  return ((value << skip) | (fifth >>> (8 - skip))) >>> 0;
}

function longCodeLength(tables: DecodeTables, bytes: Uint8Array, at: number, end: number): number {
  const bits = bitsAt(bytes, at, end);
  let length = 9;
  while (bits >= tables.limits[length]!) length++;
  return length;
}

function longCodeOctet(tables: DecodeTables, bytes: Uint8Array, at: number, length: number, end: number): number {
  if (at + length > end * 8) throw new HpackError("a Huffman string of the header block ends with wrong padding");
  const code = bitsAt(bytes, at, end) >>> (32 - length);
  const symbol = tables.symbols[tables.places[length]! + code]!;
  if (symbol === eos) throw new HpackError("a Huffman string of the header block holds the EOS symbol");
  return symbol;
}
