import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

// Seen from test/dist/readme.
const root = new URL("../../../", import.meta.url);

/** A block of code that stands below `<!-- path/of/file -->` and must be that file. */
const snippet = /^<!-- (\S+) -->\n+```\w*\n(.*?)^```$/gms;

const shown = ["contract.ts", "plugin.ts", "host.ts"].map((file) => `examples/kv/src/${file}`);

for (const page of ["README.md", "README.zh-CN.md"]) {
  const missing = existsSync(new URL(page, root)) ? false : `there is no ${page}`;
  test(`the code in ${page} is that of the example which is run by tests`, { skip: missing }, () => {
    const found = [...readFileSync(new URL(page, root), "utf8").matchAll(snippet)];
    assert.deepEqual(
      found.map(([, path]) => path),
      shown,
    );
    for (const [, path, code] of found) assert.equal(code, readFileSync(new URL(path!, root), "utf8"), path);
  });
}
