import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tryStart } from "./try-start.js";

test("gives a plugin up that takes too long, and ends it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-trial-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "plugin.cjs");
  writeFileSync(file, "console.error('still at it'); setInterval(() => {}, 1000);");
  const trial = { file, script: join(folder, "plugin.script"), cache: join(folder, "plugin.cache"), timeoutMs: 1000 };
  await assert.rejects(
    tryStart({ ...trial, node: process.execPath, env: process.env }),
    /was not done after 1000 ms\. On standard error it wrote:\nstill at it/,
  );
  assert.deepEqual(readdirSync(folder), ["plugin.cjs"]);
});
