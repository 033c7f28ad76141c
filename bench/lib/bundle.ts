import { basename, join } from "node:path";
import { build } from "esbuild";

/** Bundles a plugin as docs/guides/write-a-plugin.md tells its author to. Returns the path of the result. */
export async function bundlePlugin(script: string, folder: string): Promise<string> {
  await build({
    entryPoints: [script],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outExtension: { ".js": ".mjs" },
    logLevel: "error",
  });
  return join(folder, basename(script).replace(/\.js$/, ".mjs"));
}
