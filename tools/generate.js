// Writes the TypeScript of every .proto file into the src/gen of its package. With --check it writes elsewhere and compares.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** The package's own launcher finds the binary in the package of this platform, so its install script is not needed. */
const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");

/** Folder of .proto files -> folder of the generated files. */
const modules = {
  "bench/proto": "bench/gen",
  "packages/core/proto": "packages/core/src/gen",
  "packages/testkit/proto": "packages/testkit/src/gen",
  "packages/wire/proto": "packages/wire/src/gen",
  "examples/guides/proto": "examples/guides/src/gen",
  "examples/host-services/proto": "examples/host-services/src/gen",
  "examples/kv/proto": "examples/kv/src/gen",
  "test/proto": "test/gen",
};

function generate(source, target) {
  const args = [buf, "generate", source, "--template", "buf.gen.yaml", "--output", target];
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`buf generate ${source} ended with ${status}`);
}

function filesUnder(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.path, entry.name)));
  } catch {
    return [];
  }
}

function differences(expected, actual) {
  const names = new Set([...filesUnder(expected), ...filesUnder(actual)]);
  const text = (folder, name) => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return undefined;
    }
  };
  return [...names].filter((name) => text(expected, name) !== text(actual, name));
}

const check = process.argv.includes("--check");
const scratch = mkdtempSync(join(tmpdir(), "tenon-generate-"));
try {
  for (const [source, target] of Object.entries(modules)) {
    const fresh = join(scratch, target);
    generate(source, fresh);
    if (check) {
      for (const name of differences(fresh, join(root, target))) {
        console.error(`${target}/${name} is not what its .proto gives. Run: node tools/generate.js`);
        process.exitCode = 1;
      }
    } else {
      rmSync(join(root, target), { recursive: true, force: true });
      cpSync(fresh, join(root, target), { recursive: true });
      console.log(`${source} -> ${target}`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
