// Runs every check, the failed ones' output in full, and ends with one line for each. Exit code 1 when any failed.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const maxLines = 300;

/** The program of an installed package, which Node runs; nothing is looked up in PATH. */
function bin(packageName, name = packageName) {
  const folder = join(root, "node_modules", packageName);
  const { bin: bins } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bins === "string" ? bins : bins[name]);
}

/** Runs a program with Node and collects what it prints. */
function run(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return { ok: status === 0, output: (stdout + stderr).trim() };
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "dist", "gen"].includes(entry.name) || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(ts|js|go)$/.test(entry.name) ? [path] : [];
  });
}

/** Long files are for people to judge, so they are shown and never fail. */
function longFiles() {
  const long = sourceFiles(root)
    .map((path) => ({ path: relative(root, path), lines: readFileSync(path, "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  return { ok: true, output: long.join("\n") };
}

const oxlint = bin("oxlint");
const steps = {
  format: () => run(bin("@biomejs/biome", "biome"), "format"),
  // Import cycles are among the lint rules (import/no-cycle), those of types only too.
  lint: () => run(oxlint, "--type-aware", "--deny-warnings"),
  types: () => run(bin("typescript", "tsc"), "-b"),
  layers: () => run(oxlint, "--deny-warnings", "--disable-nested-config", "--config", "tools/layers.oxlintrc.json"),
  unused: () => run(bin("knip"), "--no-progress"),
  generated: () => run("tools/generate.js", "--check"),
  [`files over ${maxLines} lines`]: longFiles,
};

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const started = performance.now();
const results = Object.entries(steps).map(([name, step]) => {
  const from = performance.now();
  const { ok, output } = step();
  const took = seconds(from);
  if (!ok || step === longFiles) console.log(`\n── ${name}\n${output || "none"}`);
  return { name, ok, took };
});

console.log();
for (const { name, ok, took } of results) console.log(`${ok ? "ok  " : "FAIL"} ${name} (${took})`);
const failed = results.filter((result) => !result.ok).length;
console.log(
  `${failed === 0 ? "All checks passed" : `${failed} of ${results.length} checks failed`} in ${seconds(started)}.`,
);
process.exitCode = failed === 0 ? 0 : 1;
