import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeText } from "./escape.js";

test("nothing that could deceive a reader comes through unchanged [HS-18]", () => {
  assert.equal(escapeText("a\n\r\t\u001b[31m\u0000\u202e\\b"), "a\\n\\r\\t\\u001b[31m\\u0000\\u202e\\\\b");
  assert.equal(escapeText("größe €🙂"), "größe €🙂");
});

test("long text is cut with a count", () => {
  assert.equal(escapeText("abcdef", 4), "abcd… (2 more characters)");
});
