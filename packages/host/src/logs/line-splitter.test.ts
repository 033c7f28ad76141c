import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createLineSplitter } from "./line-splitter.js";
import type { LogPart } from "./record.js";

type Line = readonly [text: string, part: LogPart | undefined];

function split(maxLineBytes: number, ...chunks: (string | Uint8Array)[]): Line[] {
  const lines: Line[] = [];
  const splitter = createLineSplitter(maxLineBytes, (text, part) => lines.push([text, part]));
  for (const chunk of chunks) splitter.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  splitter.end();
  return lines;
}

const texts = (lines: readonly Line[]): string[] => lines.map(([text]) => text);

test("both line ends, blank lines and a last line without an end [LOG-10]", () => {
  assert.deepEqual(texts(split(100, "one\r\ntwo\n\nthr", "ee")), ["one", "two", "", "three"]);
});

test("a carriage return and its line feed may come apart [LOG-10]", () => {
  assert.deepEqual(texts(split(100, "one\r", "\ntwo\r")), ["one", "two"]);
});

test("a character divided over chunks is whole, bytes that are none become U+FFFD [LOG-10]", () => {
  const bytes = Buffer.from("grüße €\n");
  assert.deepEqual(texts(split(100, ...[...bytes].map((byte) => Buffer.of(byte)))), ["grüße €"]);
  assert.deepEqual(texts(split(100, Buffer.of(0x61, 0xff, 0x62, 0x0a))), ["a\ufffdb"]);
});

test("a line of exactly the limit is whole, one byte more makes two pieces [LOG-09]", () => {
  assert.deepEqual(split(8, "12345678\n"), [["12345678", undefined]]);
  assert.deepEqual(split(8, "123456789\nnext\n"), [
    ["12345678", { index: 0, last: false }],
    ["9", { index: 1, last: true }],
    ["next", undefined],
  ]);
});

test("pieces are cut between characters [LOG-09]", () => {
  for (const line of texts(split(64, "€".repeat(100)))) assert.doesNotMatch(line, /\ufffd/);
});

test("memory stays bounded however long the line is [LOG-09]", () => {
  let bytes = 0;
  const splitter = createLineSplitter(1024, (text) => (bytes += text.length));
  const chunk = Buffer.alloc(1 << 20, "x");
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 64; i++) splitter.push(chunk);
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 << 20);
  splitter.end();
  assert.equal(bytes, 64 << 20);
});

test("neither chunks nor pieces lose or add a character [LOG-09] [LOG-10]", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" })),
      fc.array(fc.nat({ max: 50 })),
      fc.integer({ min: 16, max: 64 }),
      (lines, cuts, limit) => {
        const bytes = Buffer.from(lines.map((line) => `${line.replace(/[\r\n]/g, "")}\n`).join(""));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
        chunks.push(bytes.subarray(at));
        const joined: string[] = [];
        for (const [text, part] of split(limit, ...chunks)) {
          assert.ok(Buffer.byteLength(text) <= limit);
          if (part === undefined || part.index === 0) joined.push(text);
          else joined[joined.length - 1] += text;
        }
        assert.equal(joined.map((line) => `${line}\n`).join(""), bytes.toString());
      },
    ),
  );
});
