import assert from "node:assert/strict";
import test from "node:test";
import { citedIds, collectTitles } from "./titles.js";

const texts = (source: string) => collectTitles(source).map((title) => title.text);
const skipped = (source: string) => collectTitles(source).map((title) => title.skipped);

test("finds the titles of tests, subtests and suites in any quotes", () => {
  const source = [
    'test("one", () => {',
    "  t.test('two', fn);",
    "});",
    "describe(`three ${x}`, () => {});",
    'test.only("four", f);',
    'it(\n  "five",\n);',
  ];
  assert.deepEqual(texts(source.join("\n")), ["one", "two", "three ${x}", "four", "five"]);
});

test("finds titles in tables", () => {
  assert.deepEqual(texts('const cases = [{ title: "one", x: "two" }, { title: `three` }];'), ["one", "three"]);
});

test("passes over comments, texts and regular expressions", () => {
  const source = [
    '// test("no")',
    '/* test("no") */ const a = "test(\\"no\\")";',
    "const b = `test('no') ${`test('no')` + \"}\"}`;",
    'const c = /"/.test("no literal of a title"); // "',
    'const d = 4 / 2; test("yes"); const e = [/[/"]/];',
    'test("also", f);',
  ];
  assert.deepEqual(texts(source.join("\n")), ["no literal of a title", "yes", "also"]);
});

test("tells the line", () => {
  assert.deepEqual(
    collectTitles('\n\ntest("a");\ntest("b");').map((title) => title.line),
    [3, 4],
  );
});

test("knows what never runs", () => {
  assert.deepEqual(skipped('test.skip("a"); test("b"); test.todo("c");'), [true, false, true]);
  assert.deepEqual(skipped('test("a", { skip: true }, f); test("b", { timeout: 1, skip: "why" }, f);'), [true, true]);
  assert.deepEqual(skipped('test("a", { skip: !go }, f); test("b", { skip: go ? false : "no go" }, f);'), [
    false,
    false,
  ]);
  assert.deepEqual(skipped('describe.skip("a", () => { test("b", () => {}); }); test("c");'), [true, true, false]);
});

test("reads one id, several, and none", () => {
  assert.deepEqual(citedIds("x [HS-05]"), ["HS-05"]);
  assert.deepEqual(citedIds("x [HS-05] [ENV-01, TLS-02]"), ["HS-05", "ENV-01", "TLS-02"]);
  assert.deepEqual(citedIds("x HS-05 [::1] [SHA-256] [1] []"), []);
});
