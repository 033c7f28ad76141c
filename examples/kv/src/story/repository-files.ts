import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

/** One file to store. */
export interface RepositoryFile {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly content: Buffer;
  /** SHA-256 of the content, in hex. */
  readonly sha256: string;
}

/** Reads every file that git tracks under `root`; where git cannot tell, every file that is no build product. */
export async function readRepositoryFiles(root: string, signal: AbortSignal): Promise<RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  for (const path of await listFiles(root, signal)) {
    signal.throwIfAborted();
    const stats = await lstat(join(root, path)).catch(() => undefined);
    if (!stats?.isFile()) continue; // A link, a submodule, or a tracked file that was deleted.
    const content = await readFile(join(root, path));
    files.push({ path, content, sha256: sha256(content) });
  }
  return files;
}

/** SHA-256 in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

async function listFiles(root: string, signal: AbortSignal): Promise<string[]> {
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, signal };
  const tracked = await promisify(execFile)("git", ["ls-files", "-z"], options).catch(() => undefined);
  const paths = tracked?.stdout.split("\0").filter((path) => path !== "") ?? [];
  return paths.length > 0 ? paths : await walk(root, root);
}

async function walk(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [relative(root, path)];
      return ["node_modules", "dist", ".git", ".cache"].includes(entry.name) ? [] : await walk(root, path);
    }),
  );
  return found.flat().sort();
}
