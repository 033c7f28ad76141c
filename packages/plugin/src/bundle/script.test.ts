import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "node:vm";
import { compileScript } from "./code-cache.js";
import { formatScript } from "./script.js";

type Start = (exports: { default?: unknown }, require: unknown, importMeta: unknown) => Promise<void>;

const run = (module: string): Start => new Script(formatScript(module)).runInThisContext() as Start;

test("makes a function of a module that awaits", async () => {
  const exports: { default?: unknown } = {};
  const done = run("const value = importMeta.url; await null; later = 1; let later; export{value as default};")(
    exports,
    undefined,
    { url: "file:///x" },
  );
  assert.equal(exports.default, "file:///x");
  await assert.rejects(done, ReferenceError);
});

test("leaves a module without a default export alone", async () => {
  const exports = {};
  await run("globalThis.tenonTest = 7; const a = 1; export{a as other};")(exports, undefined, {});
  assert.deepEqual(exports, {});
  assert.equal((globalThis as { tenonTest?: number }).tenonTest, 7);
  delete (globalThis as { tenonTest?: number }).tenonTest;
});

test("compiles all of a script for this V8, and only for that script", () => {
  const source = "(function late() { return function later() { return 42; }; })";
  const cachedData = compileScript(source, "/x.script");
  const again = new Script(source, { filename: "/x.script", cachedData });
  assert.equal(again.cachedDataRejected, false);
  assert.equal((again.runInThisContext() as () => () => number)()(), 42);
  assert.equal(new Script(`${source};`, { filename: "/x.script", cachedData }).cachedDataRejected, true);
});
