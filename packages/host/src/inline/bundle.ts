import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TenonError } from "@tenon/core";
import type * as Esbuild from "esbuild";
import { runCommonJs } from "./run-text.js";
import { importShared, isShared } from "./shared-modules.js";

/** A plugin's code in one text, and what it has from outside. */
export interface Bundle {
  /** The body of an async function of the names in {@link bundleNames}. */
  readonly text: string;
  /** The modules that it shares with the host, by what it calls them. */
  readonly shared: ReadonlyMap<string, object>;
}

/** The one name by which the code of a bundle finds what belongs to it. */
export const linkName = "__tenon_link";

/**
 * Bundles a plugin's file with all that it imports, but for what it shares with the host. It may be TypeScript.
 *
 * @param find - the address of esbuild's main file; throws where there is none
 * @throws {@link TenonError} `option-invalid` where there is no esbuild; what esbuild says of the code
 */
export async function bundlePlugin(file: string, find: () => string = findEsbuild): Promise<Bundle> {
  const { build, stop } = await loadEsbuild(file, find);
  const shared = new Map<string, object>();
  const entry = `import * as exports from ${JSON.stringify(file)}; ${linkName}.take(exports);`;
  try {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: dirname(file), sourcefile: "tenon-entry.js" },
      absWorkingDir: dirname(file),
      bundle: true,
      write: false,
      // The only format of esbuild in which code may wait at its top level, as plugins with runPlugin do.
      format: "esm",
      platform: "node",
      define: { "import.meta": metaName },
      logLevel: "silent",
      plugins: [linkShared(shared)],
    });
    return { text: outputFiles[0]!.text, shared };
  } finally {
    await stop();
  }
}

const metaName = "__tenon_meta";

function findEsbuild(): string {
  return import.meta.resolve("esbuild");
}

/** A copy of esbuild for one use: its service process can be ended without harm to whoever else uses esbuild here. */
async function loadEsbuild(file: string, find: () => string): Promise<typeof Esbuild> {
  let main: string;
  try {
    main = fileURLToPath(find());
  } catch (cause) {
    throw new TenonError(
      "option-invalid",
      `reload: true has to bundle ${file} and finds no esbuild. Install it beside @tenon/host (npm install esbuild), ` +
        "give one bundled CommonJS file that ends in .cjs, or leave reload out.",
      { cause, facts: { option: "launch.reload", file } },
    );
  }
  return runCommonJs(await readFile(main, "utf8"), main, createRequire(main)) as typeof Esbuild;
}

/** Puts links in the place of what a bundle does not contain, and gives each of its files its own `import.meta`. */
function linkShared(shared: Map<string, object>): Esbuild.Plugin {
  return {
    name: "tenon",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) => {
        if (!isShared(path)) return undefined;
        return { path, namespace: kind === "require-call" ? "tenon-require" : "tenon-import", pluginData: resolveDir };
      });
      build.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({
        path: path.startsWith(".") ? resolve(resolveDir, path) : path,
        namespace: "tenon-require",
      }));
      build.onLoad({ filter: /.*/, namespace: "tenon-require" }, async ({ path, pluginData }) => {
        if (isShared(path)) await take(build, shared, path, pluginData as string);
        return { contents: `module.exports = ${linkName}.require(${JSON.stringify(path)});` };
      });
      build.onLoad({ filter: /.*/, namespace: "tenon-import" }, async ({ path, pluginData }) => {
        const exports = await take(build, shared, path, pluginData as string);
        return { contents: exportsOf(path, Object.keys(exports)) };
      });
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        if (!text.includes("import.meta")) return undefined;
        const meta = `const ${metaName} = ${linkName}.meta(${JSON.stringify(pathToFileURL(path).href)});`;
        return { contents: meta + text.replace(/^#!/, "//"), loader: loaderOf(path) };
      });
    },
  };
}

async function take(
  build: Esbuild.PluginBuild,
  shared: Map<string, object>,
  specifier: string,
  resolveDir: string,
): Promise<object> {
  const known = shared.get(specifier);
  if (known !== undefined) return known;
  const exports = await importShared(specifier, async () => {
    const { path, errors } = await build.resolve(specifier, {
      resolveDir,
      kind: "import-statement",
      namespace: "found",
    });
    if (errors.length > 0) throw new Error(errors[0]!.text);
    return pathToFileURL(path).href;
  });
  shared.set(specifier, exports);
  return exports;
}

function exportsOf(specifier: string, names: readonly string[]): string {
  const lines = names.map(
    (name, index) => `const e${index} = m[${JSON.stringify(name)}]; export { e${index} as ${JSON.stringify(name)} };`,
  );
  return [`const m = ${linkName}.import(${JSON.stringify(specifier)});`, ...lines].join("\n");
}

function loaderOf(path: string): Esbuild.Loader {
  const extension = extname(path);
  if (extension.endsWith("tsx")) return "tsx";
  if (extension.endsWith("jsx")) return "jsx";
  return extension.endsWith("ts") ? "ts" : "js";
}
