import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TenonError } from "@tenon/core";
import { findPlugin, type LoadedPlugin } from "./inline-plugin.js";

/**
 * The plugin of a file, whose module the process loads once and keeps for ever.
 *
 * @throws {@link TenonError} `executable-not-found`, `launcher-failed`, `plugin-invalid`
 */
export async function importPlugin(path: string, cwd: string): Promise<LoadedPlugin> {
  const file = resolveFile(path, cwd);
  let exports: unknown;
  try {
    exports = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw cannotLoad(file, cause);
  }
  return findPlugin(exports, file);
}

/** @throws {@link TenonError} `executable-not-found` */
export function resolveFile(path: string, cwd: string): string {
  const file = resolve(cwd, path);
  if (existsSync(file)) return file;
  throw new TenonError("executable-not-found", `there is no file ${file}`, { facts: { file } });
}

/** The error for a file that is there and cannot be loaded, or threw while it was. */
export function cannotLoad(file: string, cause: unknown): TenonError {
  return new TenonError("launcher-failed", `the plugin's file ${file} could not be loaded: ${textOf(cause)}`, {
    cause,
    facts: { launcher: "inline", file },
  });
}

/** What a module threw may be anything. */
export function textOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return "something without a text was thrown";
  }
}
