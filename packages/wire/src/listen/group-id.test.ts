import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { findGroupId, parseGroupLines } from "./group-id.js";

test("takes a number as it is and looks a name up [ENV-20]", async () => {
  assert.equal(await findGroupId("1234", "kv"), 1234);
  assert.equal(parseGroupLines("root:x:0:\nstaff:x:50:a,b\nodd\n", "staff"), 50);
  assert.equal(parseGroupLines("root:x:0:\n", "roo"), undefined);
});

test("refuses a group that there is not [ENV-16]", async () => {
  await assert.rejects(findGroupId("no-such-group-here", "kv"), (error) => isTenonError(error, "listen-failed"));
});
