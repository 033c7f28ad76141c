import { dirname } from "node:path";
import { compileFunction, constants } from "node:vm";

/**
 * Makes a function of a text, which is freed with the function. Not by a Script, whose text the engine keeps for a while, nor by a
 * module, which it keeps for ever.
 */
export function compileText(text: string, names: readonly string[], file: string): (...values: unknown[]) => unknown {
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return compileFunction(text, names, { filename: file, importModuleDynamically }) as (...values: unknown[]) => unknown;
}

/** Runs a text as a CommonJS module that no cache knows of, and gives its exports. */
export function runCommonJs(text: string, file: string, require: (specifier: string) => unknown): unknown {
  const module = { exports: {} as unknown };
  const names = ["exports", "require", "module", "__filename", "__dirname"];
  const run = compileText(text.replace(/^#!/, "//"), names, file);
  run.call(module.exports, module.exports, require, module, file, dirname(file));
  return module.exports;
}
