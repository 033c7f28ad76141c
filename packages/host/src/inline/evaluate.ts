import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { TenonError } from "@tenon/core";
import { type Bundle, linkName } from "./bundle.js";
import { compileText, runCommonJs } from "./run-text.js";
import { isShared, requireShared } from "./shared-modules.js";

/** Runs the code of a bundle and gives the exports of its entry. What comes of it is held by nobody here. */
export async function evaluateBundle({ text, shared }: Bundle, file: string): Promise<unknown> {
  const own = createRequire(file);
  const require = (specifier: string): unknown => {
    if (isShared(specifier)) return shared.get(specifier) ?? requireShared(specifier, own);
    return own(specifier);
  };
  let exports: unknown;
  const link = {
    import: (specifier: string) => shared.get(specifier),
    require: (specifier: string) => (specifier.startsWith("node:") ? own(specifier) : require(specifier)),
    meta: metaOf,
    take: (given: unknown) => void (exports = given),
  };
  const names = [linkName, "require", "__filename", "__dirname"];
  const run = compileText(`return (async () => { "use strict"; ${text}\n})();`, names, file);
  await run.call(undefined, link, require, file, dirname(file));
  return exports;
}

/**
 * Runs a file that is one CommonJS module with all that it needs, and gives its exports.
 *
 * @throws {@link TenonError} `plugin-invalid` where it requires a file of its own, which would not be loaded anew
 */
export function evaluateCommonJs(text: string, file: string): unknown {
  const own = createRequire(file);
  const require = (specifier: string): unknown => {
    if (/^(?:\.{0,2}\/|\.{1,2}$)/.test(specifier) && !specifier.endsWith(".node")) throw notOneFile(file, specifier);
    return isShared(specifier) ? requireShared(specifier, own) : own(specifier);
  };
  return runCommonJs(text, file, require);
}

function metaOf(url: string): object {
  const filename = fileURLToPath(url);
  const { resolve } = createRequire(filename);
  return { url, filename, dirname: dirname(filename), main: false, resolve: (specifier: string) => resolve(specifier) };
}

function notOneFile(file: string, specifier: string): TenonError {
  return new TenonError(
    "plugin-invalid",
    `${file} requires ${JSON.stringify(specifier)}, which could not be loaded anew: a .cjs file that is to be reloaded must contain ` +
      "all of its own code. Bundle it, or give the source file and install esbuild",
    { facts: { file, specifier } },
  );
}
