import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Directories in which sockets and temporary directories are looked for when none are named. */
export function defaultTemporaryDirectories(): string[] {
  return [...new Set([tmpdir(), process.env["XDG_RUNTIME_DIR"] ?? ""])].filter((directory) => directory !== "");
}

const suspicious = /^(tenon|plugin)/;

function entries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/**
 * What plugins and hosts leave in temporary directories: directories and files whose name starts with `tenon` or
 * `plugin`, and every socket file, one level into such directories included.
 */
export function listTemporaryEntries(directories: readonly string[]): string[] {
  const found: string[] = [];
  for (const directory of directories) {
    for (const entry of entries(directory)) {
      const path = join(directory, entry.name);
      if (!suspicious.test(entry.name) && !entry.isSocket()) continue;
      found.push(path);
      if (!entry.isDirectory()) continue;
      for (const inner of entries(path)) if (inner.isSocket()) found.push(join(path, inner.name));
    }
  }
  return found;
}

/** Paths of the unix sockets bound below the given directories, by whatever process. Linux only, else empty. */
export function listBoundSockets(directories: readonly string[]): string[] {
  let table: string;
  try {
    table = readFileSync("/proc/net/unix", "utf8");
  } catch {
    return [];
  }
  const found = new Set<string>();
  for (const line of table.split("\n").slice(1)) {
    const start = line.indexOf("/");
    if (start < 0) continue;
    const path = line.slice(start);
    if (directories.some((directory) => path.startsWith(`${directory}/`))) found.add(path);
  }
  return [...found];
}
