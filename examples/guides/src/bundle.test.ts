import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "@tenon/host";
import { words } from "./contract.js";

const folder = fileURLToPath(new URL("../", import.meta.url));
const guide = join(folder, "../../docs/guides/write-a-plugin.md");

test("the guide's line makes a bundle that a host starts without anything beside it", async (t) => {
  const outdir = mkdtempSync(join(tmpdir(), "bundle-"));
  t.after(() => rmSync(outdir, { recursive: true, force: true }));
  const line = /^npx esbuild .*$/m.exec(readFileSync(guide, "utf8"))?.[0];
  assert.ok(line !== undefined, "the guide has no such line");
  const args = line.replace("--outdir=bundle", `--outdir=${outdir}`).split(" ").slice(1);
  execFileSync("npx", ["--no-install", ...args, "--log-level=error"], { cwd: folder });

  await using host = createHost();
  for (const autoMtls of [false, true]) {
    const session = await host.start(words, { process: [process.execPath, join(outdir, "plugin.mjs")] }, { autoMtls });
    assert.equal((await session.client("words").count({ text: "one two" })).words, 2);
    await session.stop();
  }
});
