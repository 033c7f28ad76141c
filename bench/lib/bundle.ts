import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Bundles a plugin as docs/guides/write-a-plugin.md tells its author to. Returns the path of the result. */
export async function bundlePlugin(script: string, folder: string): Promise<string> {
  const plugin = dirname(createRequire(import.meta.url).resolve("@tenon/plugin"));
  const command = [join(plugin, "bundle/main.js"), script, "--trial-start", "--out-dir", join(folder, "bundle")];
  return (await run(process.execPath, command)).stdout.trim();
}

/** Writes the packages as they are published. Returns a function that copies a script to where it imports those. */
export async function publishPackages(folder: string): Promise<(script: string) => Promise<string>> {
  await run(process.execPath, [join(root, "tools/bundle.js"), join(folder, "node_modules/@tenon")]);
  return async (script) => {
    const copy = join(folder, basename(script).replace(/\.js$/, ".mjs"));
    await copyFile(script, copy);
    return copy;
  };
}
