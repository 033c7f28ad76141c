import { huffmanEncode, huffmanEncodedBytes } from "./huffman.js";
import { encodeInteger } from "./integer.js";

const huffmanFlag = 0x80;

/**
 * Writes a string (RFC 7541 §5.2) at `offset`, in the Huffman code when that is shorter, and returns the offset after
 * it; -1, with nothing written, when it holds a character above 255. The caller has made sure of the room.
 */
export function encodeString(text: string, out: Uint8Array, offset: number): number {
  const huffmanBytes = huffmanEncodedBytes(text);
  if (huffmanBytes < 0) return -1;
  if (huffmanBytes < text.length) {
    return huffmanEncode(text, out, encodeInteger(huffmanBytes, 0x7f, huffmanFlag, out, offset));
  }
  let position = encodeInteger(text.length, 0x7f, 0, out, offset);
  for (let i = 0; i < text.length; i++) out[position++] = text.charCodeAt(i);
  return position;
}
