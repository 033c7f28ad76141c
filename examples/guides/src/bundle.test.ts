import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "@tenon/host";
import { words } from "./contract.js";

const folder = fileURLToPath(new URL("../", import.meta.url));
const guide = join(folder, "../../docs/guides/write-a-plugin.md");

/** A line of the guide, as arguments. */
function lineOf(command: string): string[] {
  const line = new RegExp(`^npx (${command} .*)$`, "m").exec(readFileSync(guide, "utf8"))?.[1];
  assert.ok(line !== undefined, `the guide has no line with ${command}`);
  return line.split(" ").slice(1);
}

function makeFolder(t: TestContext): string {
  const outdir = mkdtempSync(join(tmpdir(), "bundle-"));
  t.after(() => rmSync(outdir, { recursive: true, force: true }));
  return outdir;
}

/** Starts a bundle with nothing beside it, with and without AutoMTLS. */
async function startBundle(file: string): Promise<void> {
  await using host = createHost();
  for (const autoMtls of [false, true]) {
    const session = await host.start(words, { process: [process.execPath, file] }, { autoMtls });
    assert.equal((await session.client("words").count({ text: "one two" })).words, 2);
    await session.stop();
  }
}

test("the guide's line makes a bundle that a host starts without anything beside it", async (t) => {
  const outdir = makeFolder(t);
  const program = join(dirname(fileURLToPath(import.meta.resolve("@tenon/plugin"))), "bundle/main.js");
  const args = [program, ...lineOf("tenon-bundle"), "--out-dir", outdir];
  const file = execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).trim();
  assert.equal(file, join(outdir, "plugin.cjs"));
  await startBundle(file);
});

test("the guide's line for esbuild alone does too", async (t) => {
  const outdir = makeFolder(t);
  const args = lineOf("esbuild").map((arg) => arg.replace("--outdir=bundle", `--outdir=${outdir}`));
  execFileSync("npx", ["--no-install", "esbuild", ...args, "--log-level=error"], { cwd: folder });
  await startBundle(join(outdir, "plugin.mjs"));
});
