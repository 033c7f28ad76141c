import { HpackError } from "./error.js";

/** A place in a header block: decoding moves `position` on and never reads at or beyond `end`. */
export interface Cursor {
  bytes: Uint8Array;
  position: number;
  end: number;
}

/** The largest integer that a block may hold; a greater one is a COMPRESSION_ERROR. */
export const maxInteger = 0x7fffffff;

/** The octets that the longest integer takes: the prefix and five more. */
export const maxIntegerBytes = 6;

/**
 * Decodes an integer (RFC 7541 §5.1) whose first octet has been read: `first` is that octet and `mask` its prefix, all
 * ones. Fails with `HpackError` above 2^31-1, after more than five octets of continuation, and at the end of the block.
 */
export function decodeInteger(cursor: Cursor, first: number, mask: number): number {
  const prefix = first & mask;
  return prefix < mask ? prefix : decodeContinuation(cursor, mask);
}

function decodeContinuation(cursor: Cursor, start: number): number {
  let value = start;
  let factor = 1;
  for (let octets = 0; octets < maxIntegerBytes - 1; octets++) {
    if (cursor.position >= cursor.end) throw new HpackError("the header block ends inside an integer");
    const octet = cursor.bytes[cursor.position++]!;
    // A product, not a shift: the fifth octet reaches bit 34.
    value += (octet & 0x7f) * factor;
    if (octet < 0x80) {
      if (value > maxInteger) break;
      return value;
    }
    factor *= 128;
  }
  throw new HpackError("an integer of the header block is greater than 2^31-1");
}

/**
 * Encodes an integer (RFC 7541 §5.1) at `offset` and returns the offset after it. `mask` is the prefix, all ones;
 * `flags` holds the bits before it. The caller has made sure of the room.
 */
export function encodeInteger(value: number, mask: number, flags: number, out: Uint8Array, offset: number): number {
  if (value < mask) {
    out[offset] = flags | value;
    return offset + 1;
  }
  out[offset] = flags | mask;
  let position = offset + 1;
  let rest = value - mask;
  while (rest >= 0x80) {
    out[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[position] = rest;
  return position + 1;
}
