import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { bundlePlugin } from "./bundle.js";
import { evaluateBundle, evaluateCommonJs } from "./evaluate.js";

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "tenon-bundle-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test("says what to do where there is no esbuild [INL-18]", async () => {
  const find = () => {
    throw new Error("Cannot find package 'esbuild'");
  };
  await assert.rejects(bundlePlugin("/plugins/words.js", find), {
    code: "option-invalid",
    message: /\/plugins\/words\.js.*npm install esbuild.*\.cjs.*leave reload out/s,
  });
});

test("a bundle has all but what it shares, and runs as often as one likes [INL-18]", async (t) => {
  const folder = folderOf(t, {
    "main.mjs": `#!/usr/bin/env node
import fs, { readFileSync } from "node:fs";
import own from "./own.cjs";
import { TenonError } from "@tenon/core";
let count = 0;
await null;
export default { same: fs.readFileSync === readFileSync, own, TenonError, url: import.meta.url, next: () => ++count, me: this };`,
    "own.cjs": `const fs = require("fs"); module.exports = { fs: typeof fs.readFileSync, name: __filename, late: (name) => require(name) };`,
  });
  const file = join(folder, "main.mjs");
  const bundle = await bundlePlugin(file);
  assert.deepEqual([...bundle.shared.keys()].toSorted(), ["@tenon/core", "fs", "node:fs"]);
  const run = async () => ((await evaluateBundle(bundle, file)) as { default: Record<string, unknown> }).default;
  const [first, second] = [await run(), await run()];
  const { TenonError } = await import("@tenon/core");
  assert.equal(first["same"], true);
  assert.equal(first["TenonError"], TenonError);
  assert.equal(first["url"], new URL(`file://${file}`).href);
  assert.equal(first["me"], undefined);
  const own = first["own"] as { fs: string; late(name: string): unknown };
  assert.equal(own.fs, "function");
  assert.equal(own.late("node:path"), await import("node:path").then((path) => path.default));
  const next = (module: Record<string, unknown>) => (module["next"] as () => number)();
  assert.deepEqual([next(first), next(first), next(second)], [1, 2, 1]);
});

test("CommonJS runs without a bundler, as long as it is one file [INL-18]", () => {
  const text = `#!/usr/bin/env node\nthis.early = typeof require("node:fs").readFileSync; exports.file = __filename;`;
  assert.deepEqual(evaluateCommonJs(text, "/plugins/words.cjs"), { early: "function", file: "/plugins/words.cjs" });
  for (const specifier of ["./other.cjs", "../other", "/other", "."]) {
    const requires = () => evaluateCommonJs(`require("${specifier}")`, "/plugins/words.cjs");
    assert.throws(requires, { code: "plugin-invalid", message: /Bundle it/ });
  }
});
