import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HpackError } from "./error.js";
import { huffmanDecode, huffmanEncode, huffmanEncodedBytes, maxHuffmanDecodedBytes } from "./huffman.js";
import { huffmanCodeLengths } from "./huffman-table.js";

function encoded(text: string): Uint8Array {
  const out = new Uint8Array(huffmanEncodedBytes(text));
  assert.equal(huffmanEncode(text, out, 0), out.length);
  return out;
}

function decoded(bytes: Uint8Array): string {
  const out = new Uint8Array(maxHuffmanDecodedBytes(bytes.length));
  return Buffer.from(out.subarray(0, huffmanDecode(bytes, 0, bytes.length, out))).toString("latin1");
}

test("codes of every length are those of Appendix B", () => {
  // Octet, code and length in bits, the first and the last of a length where there are several.
  const codes: readonly [number, number, number][] = [
    [48, 0x0, 5],
    [116, 0x9, 5],
    [32, 0x14, 6],
    [117, 0x2d, 6],
    [58, 0x5c, 7],
    [122, 0x7b, 7],
    [38, 0xf8, 8],
    [90, 0xfd, 8],
    [33, 0x3f8, 10],
    [63, 0x3fc, 10],
    [39, 0x7fa, 11],
    [124, 0x7fc, 11],
    [35, 0xffa, 12],
    [62, 0xffb, 12],
    [0, 0x1ff8, 13],
    [126, 0x1ffd, 13],
    [94, 0x3ffc, 14],
    [125, 0x3ffd, 14],
    [60, 0x7ffc, 15],
    [123, 0x7ffe, 15],
    [92, 0x7fff0, 19],
    [208, 0x7fff2, 19],
    [128, 0xfffe6, 20],
    [153, 0x1fffdc, 21],
    [129, 0x3fffd2, 22],
    [1, 0x7fffd8, 23],
    [9, 0xffffea, 24],
    [199, 0x1ffffec, 25],
    [192, 0x3ffffe0, 26],
    [203, 0x7ffffde, 27],
    [2, 0xfffffe2, 28],
    [10, 0x3ffffffc, 30],
    [22, 0x3ffffffe, 30],
  ];
  for (const [octet, code, length] of codes) {
    assert.equal(huffmanCodeLengths[octet], length, `length of ${octet}`);
    const bits = code.toString(2).padStart(length, "0");
    const padded = bits.padEnd(Math.ceil(length / 8) * 8, "1");
    const bytes = Uint8Array.from(padded.match(/.{8}/g)!.map((eight) => Number.parseInt(eight, 2)));
    assert.deepEqual(encoded(String.fromCharCode(octet)), bytes, `code of ${octet}`);
    assert.equal(decoded(bytes), String.fromCharCode(octet));
  }
});

test("the code is complete: the lengths fill the tree exactly", () => {
  assert.equal(huffmanCodeLengths.length, 257);
  let filled = 0;
  for (const length of huffmanCodeLengths) filled += 2 ** (30 - length);
  assert.equal(filled, 2 ** 30);
});

test("decodes what it encodes, for every octet in every neighbourhood", () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const text = String.fromCharCode(first, second, 0x61, first);
      assert.equal(decoded(encoded(text)), text);
    }
  }
});

test("decodes what it encodes, for any text", () => {
  const text = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets).toString("latin1"));
  fc.assert(fc.property(text, (text) => assert.equal(decoded(encoded(text)), text)));
});

test("any octets are decoded to a text that encodes to them, or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let text: string;
      try {
        text = decoded(bytes);
      } catch (error) {
        assert.ok(error instanceof HpackError);
        return;
      }
      assert.deepEqual(encoded(text), bytes);
    }),
    { numRuns: 2000 },
  );
});

test("a character above 255 has no code", () => {
  assert.equal(huffmanEncodedBytes("a\u0100"), -1);
});
