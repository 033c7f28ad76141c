import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const maxPackages = 8;
const maxBytes = 8 * 1024 * 1024;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Folders of a package and of all that it depends on, by name. */
function collect(folder: string, found = new Map<string, string>()): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  found.set(manifest.name, folder);
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (!found.has(name)) collect(findPackage(name, folder), found);
  }
  return found;
}

function findPackage(name: string, from: string): string {
  const paths = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  const folder = paths.map((path) => join(path, name)).find((path) => statSync(path, { throwIfNoEntry: false }));
  assert.ok(folder !== undefined, `${name} is not installed`);
  return realpathSync(folder);
}

/** What npm puts on a user's disk: what it would pack of ours as we publish it, and what it has unpacked of others'. */
function installedBytes(folder: string, published: string): number {
  if (dirname(folder) !== join(root, "packages")) return bytesBelow(folder);
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
  const cwd = join(published, basename(folder));
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd, encoding: "utf8" })) as {
    readonly unpackedSize: number;
  }[];
  return packed!.unpackedSize;
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

test(`an installed @tenon/plugin has at most ${maxPackages} packages and 8 MiB with all that it depends on [PLUG-30]`, (t) => {
  const published = mkdtempSync(join(tmpdir(), "tenon-size-"));
  t.after(() => rmSync(published, { recursive: true, force: true }));
  execFileSync(process.execPath, [join(root, "tools/bundle.js"), published]);
  const packages = collect(join(root, "packages/plugin"));
  assert.ok(packages.has("@tenon/wire") && packages.has("@bufbuild/protobuf"), [...packages.keys()].join(", "));
  assert.ok(packages.size <= maxPackages, [...packages.keys()].join(", "));
  const bytes = [...packages.values()].reduce((sum, folder) => sum + installedBytes(folder, published), 0);
  assert.ok(bytes <= maxBytes, `${bytes} bytes`);
  assert.ok(bytes > 1024 * 1024, `${bytes} bytes: something was not counted`);
});
