import assert from "node:assert/strict";
import { test } from "node:test";
import { listFiles, read } from "./pages.js";

/** A block of code; the comment above it names the file in which it stands word for word. */
const blocks = /(?:^<!-- from: (\S+) -->\n+)?^```(\w*)\n(.*?)^```$/gms;

/** Languages whose blocks must come from a file that is compiled, generated from, or run. */
const checkedLanguages = new Set(["ts", "proto"]);

const pages = listFiles(".md").filter((page) => !page.startsWith("packages/"));

function blocksOf(page: string) {
  return [...read(page).matchAll(blocks)].map(([, from, language = "", code = ""]) => ({ from, language, code }));
}

/** Whether the lines of `code` stand in `source` one below the other, however far they are indented there. */
function holds(source: string, code: string): boolean {
  return ["", "  ", "    ", "      "].some((indent) => source.includes(code.replace(/^(?=.)/gm, indent)));
}

for (const page of pages) {
  test(`every snippet of ${page} comes from a file`, () => {
    for (const { from, language, code } of blocksOf(page)) {
      if (from === undefined) {
        assert.ok(!checkedLanguages.has(language), `a ${language} block names no file:\n${code}`);
      } else {
        assert.ok(holds(read(from), code), `${from} does not hold:\n${code}`);
      }
    }
  });
}

for (const page of ["README.md", "README.zh-CN.md"]) {
  test(`${page} shows the whole contract, plugin and host that the tests run`, () => {
    const shown = blocksOf(page).filter(({ from }) => from !== undefined);
    const files = ["contract", "plugin", "host"].map((name) => `examples/kv/src/${name}.ts`);
    assert.deepEqual(
      shown.map(({ from }) => from),
      files,
    );
    for (const { from, code } of shown) assert.equal(code, read(from!), from);
  });
}
