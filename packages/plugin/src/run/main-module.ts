import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { findWorkerData } from "./worker-data.js";

/** Tells whether `meta` belongs to the file that this process, or a thread that a host started, was started with. */
export function isMainModule(meta: ImportMeta, entry: string | undefined = process.argv[1]): boolean {
  // The entry file of any thread stands in its argv. Most threads are not for us.
  if (!isMainThread && findWorkerData() === undefined) return false;
  const main: unknown = (meta as { readonly main?: unknown }).main;
  // Of a thread the engine may speak as of the process.
  if (typeof main === "boolean" && (main || isMainThread)) return main;
  if (entry === undefined || !meta.url.startsWith("file:")) return false;
  const own = realPath(fileURLToPath(meta.url));
  return realPath(entry) === own || resolveEntry(entry, meta.url) === own;
}

/** Node lets one leave out an extension, or name a directory. */
function resolveEntry(entry: string, from: string): string | undefined {
  try {
    return process.getBuiltinModule("node:module").createRequire(from).resolve(entry);
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
