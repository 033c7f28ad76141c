import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { isMainModule } from "./main-module.js";

test("knows its module by path, link, missing extension and directory [PLUG-12]", (t) => {
  const directory = realpathSync(mkdtempSync("/tmp/main-"));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "dist"));
  const file = join(directory, "dist", "index.js");
  writeFileSync(file, "");
  writeFileSync(join(directory, "other.js"), "");
  symlinkSync(file, join(directory, "command"));
  const meta = { url: pathToFileURL(file).href } as ImportMeta;

  for (const entry of ["dist/index.js", "dist/index", "dist", "command"]) {
    assert.ok(isMainModule(meta, join(directory, entry)), entry);
  }
  for (const entry of ["other.js", "missing.js"]) assert.ok(!isMainModule(meta, join(directory, entry)), entry);
  assert.ok(!isMainModule({ url: "data:text/javascript,1" } as ImportMeta, file));
});

test("takes the engine's word where it gives one", () => {
  assert.ok(isMainModule({ url: "file:///a.js", main: true } as unknown as ImportMeta, "/b.js"));
  assert.ok(!isMainModule({ url: "file:///a.js", main: false } as unknown as ImportMeta, "/a.js"));
});
