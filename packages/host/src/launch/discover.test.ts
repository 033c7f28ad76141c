import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { discover } from "./discover.js";

test("finds names by pattern, sorted, as absolute paths [LAUNCH-09]", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "discover-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const name of ["b-plugin", "a-plugin", "a-plugin.bak", ".hidden", "Z", "x[1]", "x2", "ö-plugin", "a.b^c-d"]) {
    writeFileSync(join(directory, name), "");
  }
  const cases: readonly [string, readonly string[]][] = [
    ["*-plugin", ["a-plugin", "b-plugin", "ö-plugin"]],
    ["?-plugin", ["a-plugin", "b-plugin", "ö-plugin"]],
    ["[a-b]-plugin", ["a-plugin", "b-plugin"]],
    ["[^a]-plugin", ["b-plugin", "ö-plugin"]],
    ["x\\[1]", ["x[1]"]],
    ["x[0-9]", ["x2"]],
    ["a.b[\\^.]c[\\-]d", ["a.b^c-d"]],
    ["*hidden", [".hidden"]],
    ["none*", []],
    ["*", [".hidden", "Z", "a-plugin", "a-plugin.bak", "a.b^c-d", "b-plugin", "x2", "x[1]", "ö-plugin"]],
  ];
  for (const [pattern, names] of cases) {
    const expected = names.map((name) => join(directory, name));
    assert.deepEqual(await discover(pattern, directory), expected, pattern);
    assert.deepEqual(await discover(pattern, relative(process.cwd(), directory)), expected, pattern);
  }
});

test("refuses patterns and directories that are none [LAUNCH-09]", async () => {
  for (const pattern of ["", "a/b", "[", "[]", "[b-a]", "a\\"]) {
    await assert.rejects(discover(pattern, "."), { code: "option-invalid" }, pattern);
  }
  await assert.rejects(discover("*", ""), { code: "option-invalid" });
  await assert.rejects(discover("*", "/no/such/directory"), { code: "executable-not-found" });
});
