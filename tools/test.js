// Runs every compiled test file (or those under the folders given with --only) with Node's test runner.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const only = process.argv.flatMap((arg, i, all) => (all[i - 1] === "--only" ? [arg] : []));

/** Test sources, so that output left behind by a deleted test is never run. */
function testSources(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name.startsWith(".")) return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return testSources(path);
    return entry.name.endsWith(".test.ts") ? [relative(root, path)] : [];
  });
}

/** packages/x/src/a/b.test.ts is compiled to packages/x/dist/a/b.test.js, test/a/b.test.ts to test/dist/a/b.test.js. */
function compiled(source) {
  const parts = source.replace(/\.ts$/, ".js").split(sep);
  const src = parts.indexOf("src");
  if (src >= 0) parts[src] = "dist";
  else parts.splice(1, 0, "dist");
  return parts.join("/");
}

const files = testSources(root)
  .filter((file) => only.length === 0 || only.some((prefix) => file.startsWith(prefix)))
  .map(compiled);
if (files.length === 0) {
  console.error("No test file found.");
  process.exit(1);
}
// This reporter says at the end, where people look first, which tests failed and why.
const args = ["--enable-source-maps", "--test", "--test-reporter=spec", "--test-concurrency=2", ...files];
const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
if (error) throw error;
process.exit(status ?? 1);
