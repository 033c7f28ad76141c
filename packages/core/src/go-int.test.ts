import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { parseGoInt } from "./go-int.js";

test("reads signs and leading zeros as Go does", () => {
  for (const [text, value] of [
    ["0", 0],
    ["-0", 0],
    ["+7", 7],
    ["-7", -7],
    ["007", 7],
  ] as const) {
    assert.ok(Object.is(parseGoInt(text), value), text);
  }
});

test("refuses everything that is no decimal integer", () => {
  for (const text of [
    "",
    " ",
    " 2",
    "2 ",
    "2\n",
    "+",
    "-",
    "--1",
    "1.0",
    "1e3",
    "0x10",
    "1_000",
    "١",
    "9007199254740992",
  ]) {
    assert.equal(parseGoInt(text), undefined, JSON.stringify(text));
  }
});

test("gives back every integer that it can hold", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => parseGoInt(String(value)) === value + 0));
});
