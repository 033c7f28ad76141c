import assert from "node:assert/strict";
import test from "node:test";
import { parseGoBool } from "./go-bool.js";

test("knows Go's twelve spellings and no other", () => {
  for (const text of ["1", "t", "T", "TRUE", "true", "True"]) assert.equal(parseGoBool(text), true, text);
  for (const text of ["0", "f", "F", "FALSE", "false", "False"]) assert.equal(parseGoBool(text), false, text);
  for (const text of ["", " true", "true ", "tRUE", "yes", "no", "on", "2", "-1", "t\n", "__proto__"]) {
    assert.equal(parseGoBool(text), undefined, text);
  }
});
