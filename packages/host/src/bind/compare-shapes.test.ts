import assert from "node:assert/strict";
import { test } from "node:test";
import { findMismatch } from "./compare-shapes.js";

const text = `service a.S
method Get unary a.Q a.R
message a.Q
field 1 one string key
field 2 many int32 sizes
message a.R
field 1 map string a.E states
enum a.E
value 0 NONE
value 1 SOME
`;

test("what only one side has is no fault [BIND-14]", () => {
  assert.equal(findMismatch(text, text), undefined);
  for (const line of ["field 2 many int32 sizes\n", "value 1 SOME\n", "enum a.E\nvalue 0 NONE\nvalue 1 SOME\n"]) {
    assert.equal(findMismatch(text, text.replace(line, "")), undefined);
    assert.equal(findMismatch(text.replace(line, ""), text), undefined);
  }
  assert.equal(findMismatch(text, text.replace("message a.Q", "method Put unary a.Q a.R\nmessage a.Q")), undefined);
});

test("what differs is named [BIND-14]", () => {
  for (const [from, to, named] of [
    ["method Get unary a.Q a.R\n", "", /method Get is missing/],
    ["unary a.Q", "server_streaming a.Q", /method Get is "server_streaming a\.Q a\.R"/],
    ["field 1 one string key", "field 1 one bytes key", /a\.Q: the field key is "one bytes", and "one string"/],
    ["field 1 one string key", "field 1 one string name", /the field 1 is called name, and key/],
    ["field 1 one string key", "field 3 one string key", /the field key has number 3, and 1/],
    ["many int32", "one int32", /field sizes is "one int32"/],
    ["map string a.E", "map int32 a.E", /field states is "map int32 a\.E"/],
    ["value 1 SOME", "value 1 MANY", /a\.E: the value 1 is MANY, and SOME/],
  ] as const) {
    assert.match(findMismatch(text, text.replace(from, to)) ?? "", named);
  }
});

test("nonsense is no text of a service", () => {
  assert.match(findMismatch(text, "x\n\0 field message") ?? "", /method Get is missing/);
});
