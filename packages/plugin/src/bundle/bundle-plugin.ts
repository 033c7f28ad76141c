import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type * as Esbuild from "esbuild";
import { compileScript } from "./code-cache.js";
import { fastDescriptors } from "./fast-descriptors.js";
import { cacheSuffix, formatLoader, scriptSuffix } from "./loader.js";
import { formatScript, fromMemory } from "./script.js";
import { tryStart } from "./try-start.js";

/** What {@link bundlePlugin} needs. */
export interface BundleOptions {
  /** esbuild's `build`. */
  readonly build: typeof Esbuild.build;
  /** The plugin's file, TypeScript or JavaScript. */
  readonly entry: string;
  /** Folder for the bundle; made where there is none. Files in it that are not the bundle's stay. */
  readonly outDir: string;
  /** Packages to leave out, as in esbuild: those with native code. Default: none. */
  readonly external?: readonly string[];
  /**
   * Whether the compiled form is made too. Default: true, all of the script, of which nothing runs. `"trial-start"`: of those functions that
   * a start uses, which starts the plugin once.
   */
  readonly compile?: boolean | "trial-start";
  /** The V8 that compiles, as in `process.versions`, and its processor. */
  readonly v8: string;
  readonly arch: string;
  /** The Node of that V8, and its environment. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const entryName = "entry";
const common = { bundle: true, minify: true, platform: "node", format: "esm", target: "node20", write: false } as const;

/**
 * Bundles a plugin into a file to start, the script that it runs, and that script's compiled form.
 *
 * Built twice: only a build that keeps late imports in files of their own leaves out what is not used of packages that are imported late
 * too; and one script is loaded faster than many modules.
 *
 * @returns path of the file to start
 * @throws esbuild's `BuildFailure`; what `tryStart` throws
 */
export async function bundlePlugin(options: BundleOptions): Promise<string> {
  const { build, entry, outDir, external = [], compile = true } = options;
  const first: Esbuild.BuildOptions = {
    ...common,
    entryPoints: [{ in: entry, out: entryName }],
    outdir: outDir,
    splitting: true,
    external: [...external],
    plugins: [fastDescriptors()],
    logLevel: "warning",
  };
  const { outputFiles = [] } = await build(first);
  const second = await build({
    ...common,
    entryPoints: [`./${entryName}.js`],
    plugins: [fromMemory(outputFiles, (path) => basename(path))],
    define: { "import.meta": "importMeta" },
    logLevel: "warning",
  });
  const name = basename(entry).replace(/\.[cm]?[jt]sx?$/, "");
  const script = formatScript(second.outputFiles[0]!.text);
  const at = join(outDir, name);
  const cache = at + cacheSuffix(options.v8, options.arch);
  await mkdir(outDir, { recursive: true });
  await removeCaches(outDir, name, script);
  await writeFile(at + scriptSuffix, script, "latin1");
  await writeFile(`${at}.cjs`, formatLoader(name));
  const { node, env } = options;
  if (compile === "trial-start") await tryStart({ file: `${at}.cjs`, script: at + scriptSuffix, cache, node, env });
  else if (compile) await writeFile(cache, compileScript(script, at + scriptSuffix));
  return `${at}.cjs`;
}

/**
 * Removes the compiled forms, those for other V8s too, unless they are of this very script: V8 knows a script by its length only.
 */
async function removeCaches(outDir: string, name: string, script: string): Promise<void> {
  const before = await readFile(join(outDir, name + scriptSuffix), "latin1").catch(() => undefined);
  if (before === script) return;
  const caches = (await readdir(outDir)).filter((each) => each.startsWith(`${name}.`) && each.endsWith(".cache"));
  await Promise.all(caches.map((each) => rm(join(outDir, each), { force: true })));
}
