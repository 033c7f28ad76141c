import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { HpackDecoder } from "./decoder.js";
import { HpackError } from "./error.js";
import { encodeInteger, maxInteger } from "./integer.js";

function decode(...octets: number[]) {
  return new HpackDecoder().decode(Uint8Array.from(octets));
}

/** A literal without indexing named "a" with a raw value of so many octets. */
function literal(valueBytes: number, flags = 0): number[] {
  const length = new Uint8Array(6);
  const end = encodeInteger(valueBytes, 0x7f, 0, length, 0);
  return [flags, 1, 0x61, ...length.subarray(0, end), ...new Uint8Array(valueBytes).fill(0x62)];
}

describe("what is a COMPRESSION_ERROR", () => {
  const malformed: Record<string, number[]> = {
    "index 0": [0x80],
    "an index beyond the tables": [0xbe],
    "an index far beyond the tables": [0xff, 0x80, 0x80, 0x80, 0x80, 0x01],
    "a name index beyond the tables": [0x7f, 0x00, 0x01, 0x61],
    "a block that ends inside an index": [0xff],
    "a block that ends inside the continuation of an index": [0xff, 0x80],
    "a literal without a name": [0x40],
    "a literal without a value": [0x40, 0x01, 0x61],
    "a name that is cut": [0x00, 0x02, 0x61],
    "a value that is cut": [0x00, 0x01, 0x61, 0x02, 0x62],
    "a Huffman value that is cut": [0x00, 0x01, 0x61, 0x82, 0x64],
    "a length above 2^31-1": [0x00, 0x7f, 0x81, 0xff, 0xff, 0xff, 0x07],
    "an integer that overflows its fifth octet": [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    "an integer of six octets of continuation": [0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    "a size update after a field": [0x82, 0x20],
    "a size update above the limit": [0x3f, 0xe2, 0x1f],
    "EOS in a Huffman string": [0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff],
    "EOS in a Huffman string, at the low end of an octet": [0x00, 0x01, 0x61, 0x85, 0x1f, 0xff, 0xff, 0xff, 0xff],
    "padding of eight bits": [0x00, 0x01, 0x61, 0x81, 0xff],
    "padding of eleven bits": [0x00, 0x01, 0x61, 0x82, 0x1f, 0xff],
    "padding with a zero": [0x00, 0x01, 0x61, 0x81, 0x1e],
    "padding of zeros": [0x00, 0x01, 0x61, 0x81, 0x18],
  };
  for (const [what, octets] of Object.entries(malformed)) {
    test(what, () => {
      assert.throws(
        () => decode(...octets),
        (error) => error instanceof HpackError && error.kind === "compression",
      );
    });
  }
});

test("accepts integers with needless octets of continuation, up to five", () => {
  assert.deepEqual(decode(0x00, 0x01, 0x61, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x00, ...Array(127).fill(0x62)).fields, [
    ["a", "b".repeat(127)],
  ]);
});

test("accepts the size update to the limit, and several at the start of a block", () => {
  assert.deepEqual(decode(0x3f, 0xe1, 0x1f, 0x20, 0x3f, 0xe1, 0x1f, 0x82).fields, [[":method", "GET"]]);
});

test("accepts an empty block, an empty name and an empty Huffman value", () => {
  assert.deepEqual(decode(), { fields: [], truncated: false, listBytes: 0 });
  assert.deepEqual(decode(0x00, 0x00, 0x80).fields, [["", ""]]);
});

test("reads only the octets from start to end", () => {
  const block = Uint8Array.of(0x80, 0x82, 0x87, 0x80);
  assert.deepEqual(new HpackDecoder().decode(block, 1, 3).fields, [
    [":method", "GET"],
    [":scheme", "https"],
  ]);
  assert.throws(() => new HpackDecoder().decode(Uint8Array.of(0x00, 0x01, 0x61, 0x01, 0x62), 0, 4), HpackError);
});

test("reads a view into a larger buffer at its own offset", () => {
  const whole = Uint8Array.of(0xff, 0xff, 0x00, 0x01, 0x61, 0x01, 0xe9);
  assert.deepEqual(new HpackDecoder().decode(whole.subarray(2)).fields, [["a", "\u00e9"]]);
});

test("an entry greater than the table empties it and is still a field", () => {
  const decoder = new HpackDecoder();
  decoder.decode(Uint8Array.from(literal(3, 0x40)));
  const { fields } = decoder.decode(Uint8Array.from([0xbe, ...literal(4096, 0x40)]));
  assert.equal(fields[1]?.[1].length, 4096);
  assert.throws(() => decoder.decode(Uint8Array.of(0xbe)), HpackError);
});

test("a list over the limit is truncated, counted to its end, and keeps the table in step", () => {
  const decoder = new HpackDecoder({ maxHeaderListBytes: 100 });
  const block = [0x82, ...literal(60), ...literal(20, 0x40), 0x82, ...literal(5000, 0x40), ...literal(2, 0x40)];
  assert.deepEqual(decoder.decode(Uint8Array.from(block)), {
    fields: [[":method", "GET"]],
    truncated: true,
    listBytes: 42 + 93 + 53 + 42 + 5033 + 35,
  });
  assert.deepEqual(decoder.decode(Uint8Array.of(0xbe)), { fields: [["a", "bb"]], truncated: false, listBytes: 35 });
  assert.throws(() => decoder.decode(Uint8Array.of(0xbf)), HpackError);
});

test("a list of exactly the limit is whole", () => {
  const block = Uint8Array.from([0x82, ...literal(25)]);
  assert.equal(new HpackDecoder({ maxHeaderListBytes: 100 }).decode(block).truncated, false);
  assert.equal(new HpackDecoder({ maxHeaderListBytes: 99 }).decode(block).truncated, true);
});

test("too many fields truncate the list, indexed or literal", () => {
  const decoder = new HpackDecoder({ maxHeaderCount: 2 });
  assert.equal(decoder.decode(Uint8Array.of(0x82, 0x82)).truncated, false);
  for (const third of [[0x82], literal(1)]) {
    const { fields, truncated } = decoder.decode(Uint8Array.from([0x82, 0x82, ...third]));
    assert.equal(truncated, true);
    assert.equal(fields.length, 2);
  }
});

test("repeated references to a large entry cannot pass the limit of the list", () => {
  const decoder = new HpackDecoder();
  const bomb = new Uint8Array(16_000).fill(0xbe);
  decoder.decode(Uint8Array.from(literal(4000, 0x40)));
  const { fields, truncated, listBytes } = decoder.decode(bomb);
  assert.equal(truncated, true);
  assert.equal(fields.length, Math.floor(65_536 / 4033));
  assert.equal(listBytes, 16_000 * 4033);
});

test("a smaller announced table binds the peer once it has acknowledged the SETTINGS", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 64 });
  decoder.decode(Uint8Array.from(literal(40, 0x40)));
  assert.equal(decoder.decode(Uint8Array.of(0xbe)).fields.length, 1);
  decoder.settingsAcknowledged();
  assert.equal(decoder.decode(Uint8Array.of(0x3f, 0x21, 0x82)).fields.length, 1);
  assert.throws(() => decoder.decode(Uint8Array.of(0xbe)), HpackError);
  assert.throws(() => decoder.decode(Uint8Array.of(0x3f, 0x22)), HpackError);
});

test("without the size update that a smaller table calls for, a block is refused", () => {
  const decoder = new HpackDecoder({ maxTableBytes: 64 });
  decoder.decode(Uint8Array.of(0x82));
  decoder.settingsAcknowledged();
  assert.throws(() => decoder.decode(Uint8Array.of(0x82)), HpackError);
});

test("a block of indexed fields that comes again gives the same fields until the table changes", () => {
  const decoder = new HpackDecoder();
  const block = Uint8Array.of(0x82, 0xbe);
  decoder.decode(Uint8Array.from(literal(1, 0x40)));
  const first = decoder.decode(block);
  assert.equal(decoder.decode(Uint8Array.of(0xff, ...block), 1, 3), first);
  assert.deepEqual(decoder.decode(Uint8Array.of(0xbe, 0x82)).fields, first.fields.toReversed());
  decoder.decode(Uint8Array.from(literal(2, 0x40)));
  assert.deepEqual(decoder.decode(block).fields, [
    [":method", "GET"],
    ["a", "bb"],
  ]);
  decoder.decode(Uint8Array.of(0x20));
  assert.throws(() => decoder.decode(block), HpackError);
});

test("refuses limits that are none", () => {
  for (const bad of [-1, 1.5, Number.NaN, maxInteger + 1]) {
    assert.throws(() => new HpackDecoder({ maxTableBytes: bad }), RangeError);
    assert.throws(() => new HpackDecoder({ maxHeaderListBytes: bad }), RangeError);
    assert.throws(() => new HpackDecoder({ maxHeaderCount: bad }), RangeError);
  }
});

test("arbitrary octets give fields within the limits or an HpackError, nothing else", () => {
  // Octets as they come are mostly refused at once; the second kind is made of plausible pieces.
  const piece = fc.oneof(
    fc.integer({ min: 0x80, max: 0xff }).map((octet) => [octet]),
    fc.integer({ min: 0, max: 0x7f }).map((octet) => [octet]),
    fc.uint8Array({ maxLength: 20 }).map((value) => [0x40, 1, 0x61, value.length, ...value]),
    fc.uint8Array({ maxLength: 6 }).map((value) => [0x00, 1, 0x61, 0x80 | value.length, ...value]),
    fc.nat({ max: 0x1f }).map((size) => [0x20 | size]),
  );
  const block = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => Uint8Array.from(pieces.flat())),
  );
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), (blocks) => {
      const decoder = new HpackDecoder({ maxHeaderListBytes: 1000, maxHeaderCount: 20 });
      for (const bytes of blocks) {
        try {
          const { fields, truncated, listBytes } = decoder.decode(bytes);
          assert.ok(fields.length <= 20);
          let kept = 0;
          for (const [name, value] of fields) kept += name.length + value.length + 32;
          assert.ok(kept <= 1000);
          assert.ok(truncated ? kept < listBytes : kept === listBytes);
        } catch (error) {
          assert.ok(error instanceof HpackError);
          return;
        }
      }
    }),
    { numRuns: 2000 },
  );
});
