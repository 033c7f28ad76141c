import { readdirSync, readlinkSync } from "node:fs";

/** Open file descriptors of this process with what they point at, such as `socket:[123]` or `/tmp/file`. Linux only, else empty. */
export function listOpenFiles(): Map<string, string> {
  const files = new Map<string, string>();
  let names: string[];
  try {
    names = readdirSync("/proc/self/fd");
  } catch {
    return files;
  }
  for (const name of names) {
    try {
      files.set(name, readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // Closed since the directory was read, as is the descriptor that read it.
    }
  }
  return files;
}

/** How many resources of each kind keep the event loop of this process alive, such as `PipeWrap`, `ProcessWrap`, `Timeout`. */
export function countActiveResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
