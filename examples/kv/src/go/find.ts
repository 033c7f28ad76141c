import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The version of the `go` command (`go1.24.1`), or the sentence that says why there is none to use. */
export type FoundGo =
  | { readonly version: string; readonly missing?: never }
  | { readonly version?: never; readonly missing: string };

/** Looks for a `go` on the PATH that can build the module in this folder. */
export async function findGo(module: string, signal?: AbortSignal): Promise<FoundGo> {
  let version: string;
  try {
    const { stdout } = await promisify(execFile)("go", ["env", "GOVERSION"], {
      cwd: module,
      ...(signal && { signal }),
    });
    version = stdout.trim();
  } catch (error) {
    signal?.throwIfAborted();
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return { missing: "go not found on the PATH" };
    return { missing: `go does not work: ${stderr?.trim().split("\n").at(-1) || String(error)}` };
  }
  const needed = /^go (\d+)\.(\d+)/m.exec(await readFile(join(module, "go.mod"), "utf8"));
  const found = /^go(\d+)\.(\d+)/.exec(version);
  const [major, minor] = [Number(needed?.[1]), Number(needed?.[2])];
  if (found && (Number(found[1]) < major || (Number(found[1]) === major && Number(found[2]) < minor))) {
    return { missing: `${version} is too old, go${major}.${minor} is needed` };
  }
  return { version };
}
