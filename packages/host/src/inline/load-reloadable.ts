import { readFile } from "node:fs/promises";
import { TenonError } from "@tenon/core";
import { bundlePlugin } from "./bundle.js";
import { evaluateBundle, evaluateCommonJs } from "./evaluate.js";
import { findPlugin, type LoadedPlugin } from "./inline-plugin.js";
import { cannotLoad, resolveFile } from "./load-file.js";

/**
 * The plugin of a file, read anew at each call, whose code is freed when nobody holds the plugin any more.
 *
 * @throws {@link TenonError} `executable-not-found`, `launcher-failed`, `plugin-invalid`, `option-invalid`
 */
export async function loadReloadable(path: string, cwd: string): Promise<LoadedPlugin> {
  const file = resolveFile(path, cwd);
  try {
    const exports = file.endsWith(".cjs")
      ? evaluateCommonJs(await readFile(file, "utf8"), file)
      : await evaluateBundle(await bundlePlugin(file), file);
    return findPlugin(exports, file);
  } catch (cause) {
    throw cause instanceof TenonError ? cause : cannotLoad(file, cause);
  }
}
