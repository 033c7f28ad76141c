import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import * as fc from "fast-check";
import { ValueReader } from "./value-reader.js";

/** What a reader takes out of a text that comes in pieces which end at the given places. */
function readInPieces(bytes: Buffer, cuts: readonly number[], maxBytes = 1 << 20): string[] {
  const values: string[] = [];
  const reader = new ValueReader(maxBytes, (text) => values.push(text));
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    // The memory of a piece is used again, as that of a socket may be.
    const piece = Buffer.from(bytes.subarray(from, end));
    reader.push(piece);
    piece.fill(0);
    from = end;
  }
  assert.equal(reader.partialBytes, 0);
  return values;
}

const objects = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 5 });

test("objects come out whole, wherever the stream is cut and whatever blanks are between [PIE-01]", () => {
  const blanks = fc.constantFrom("", "\n", " ", "\r\n\t ");
  fc.assert(
    fc.property(objects, blanks, fc.array(fc.nat()), (values, blank, cuts) => {
      const bytes = Buffer.from(values.map((value) => blank + JSON.stringify(value)).join("") + blank);
      assert.deepEqual(
        readInPieces(bytes, cuts),
        values.map((value) => JSON.stringify(value)),
      );
    }),
  );
});

test("braces, quotes and backslashes inside of texts mean nothing [PIE-01]", () => {
  const texts = ['{"a":"}{]["}', String.raw`{"\\":"\"}\\"}`, String.raw`{"a":"\\\\\"{"}`];
  for (const cut of Array.from({ length: 40 }, (_, index) => index)) {
    assert.deepEqual(readInPieces(Buffer.from(texts.join("")), [cut]), texts);
  }
});

test("anything but an object is refused, and shown [PIE-02]", () => {
  for (const text of ["5", '"text"', "[{}]", "null", "Listening on port 80\n", "}"]) {
    const reader = new ValueReader(1000, () => {});
    assert.throws(
      () => reader.push(Buffer.from(`\n ${text}`)),
      (error) => isTenonError(error, "json-rpc-malformed") && error.message.includes(JSON.stringify(text)),
    );
  }
});

test("what stands before something bad is handed out first [PIE-02]", () => {
  const values: string[] = [];
  const reader = new ValueReader(1000, (text) => values.push(text));
  assert.throws(() => reader.push(Buffer.from('{"a":1}{"b":2}oops')), /oops/);
  assert.deepEqual(values, ['{"a":1}', '{"b":2}']);
});

test("nesting has a limit [PIE-02]", () => {
  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  assert.deepEqual(readInPieces(Buffer.from(nested(1000)), []), [nested(1000)]);
  assert.throws(
    () => readInPieces(Buffer.from(nested(1001)), []),
    (error) => isTenonError(error, "json-rpc-malformed"),
  );
});

test("a message may be as long as the limit and no longer, in one piece or many [PIE-03]", () => {
  const text = JSON.stringify({ a: "x".repeat(92) });
  assert.equal(text.length, 100);
  const cuts = Array.from({ length: 10 }, (_, index) => index * 10);
  for (const where of [[], cuts]) {
    assert.deepEqual(readInPieces(Buffer.from(text + text), where, 100), [text, text]);
    assert.throws(
      () => readInPieces(Buffer.from(text), where, 99),
      (error) => isTenonError(error, "json-rpc-too-long") && error.facts["maxBytes"] === 99,
    );
  }
});

test("a message that never ends is refused before it is complete [PIE-03]", () => {
  const reader = new ValueReader(1000, () => {});
  const push = () => reader.push(Buffer.from('{"a":"'.padEnd(600, "x")));
  push();
  assert.equal(reader.partialBytes, 600);
  assert.throws(push, (error) => isTenonError(error, "json-rpc-too-long"));
});
