import { defaultTemporaryDirectories, listBoundSockets, listTemporaryEntries } from "./file-system.js";
import { countActiveResources, listOpenFiles } from "./own-resources.js";
import { listDescendants } from "./processes.js";

/** Where {@link snapshotResources} looks. */
export interface SnapshotOptions {
  /**
   * `NAME=value` as set in the environment of everything that the test starts. Finds processes that init has adopted.
   * Default none: then only descendants of this process are seen.
   */
  readonly environmentMark?: string;
  /** Directories searched for sockets and leftovers. Default: the temporary directory and `XDG_RUNTIME_DIR`. */
  readonly temporaryDirectories?: readonly string[];
  /** Kinds of active resources left out, as `process.getActiveResourcesInfo()` names them. Default `["Immediate"]`. */
  readonly ignoredResources?: readonly string[];
}

/** What existed at one moment, as sentences grouped by kind. Made by {@link snapshotResources}. */
export interface ResourceSnapshot {
  readonly options: SnapshotOptions;
  /** Kind of thing -> description -> how many. */
  readonly found: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** What could not be looked at on this platform, in words. Empty on Linux. */
  readonly unchecked: readonly string[];
}

function count(items: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Descriptor targets with their inode numbers removed, so that a socket closed and another opened count as none. */
function openFileKinds(): Map<string, number> {
  return count([...listOpenFiles().values()].map((target) => target.replace(/\[\d+\]$/, "[…]")));
}

/**
 * Records what this process holds and what it has started: active resources, open descriptors, child processes with
 * their descendants, bound unix sockets, leftovers in the temporary directories. Compare later with {@link assertNoLeaks}.
 * Elsewhere than on Linux descriptors, processes and bound sockets cannot be listed; `unchecked` says so.
 */
export function snapshotResources(options: SnapshotOptions = {}): ResourceSnapshot {
  const directories = options.temporaryDirectories ?? defaultTemporaryDirectories();
  const resources = countActiveResources();
  for (const kind of options.ignoredResources ?? ["Immediate"]) resources.delete(kind);
  const found = new Map<string, ReadonlyMap<string, number>>([
    ["active resource", resources],
    ["temporary entry", count(listTemporaryEntries(directories))],
  ]);
  if (process.platform === "linux") {
    const processes = listDescendants(process.pid, options.environmentMark);
    found.set("open descriptor", openFileKinds());
    found.set(
      "process",
      count(processes.map(({ pid, startTicks, state, command }) => `${pid}@${startTicks} ${state} ${command}`)),
    );
    found.set("bound socket", count(listBoundSockets(directories)));
  }
  const unchecked = process.platform === "linux" ? [] : ["open descriptors", "processes", "bound sockets"];
  return { options, found, unchecked };
}

/** A process changes its state letter while it lives; it is the same process. */
function identity(kind: string, item: string): string {
  return kind === "process" ? item.replace(/ \S+ .*$/, "") : item;
}

/** What `after` holds in excess of `before`, one readable line each. */
export function describeLeaks(before: ResourceSnapshot, after: ResourceSnapshot): string[] {
  const lines: string[] = [];
  for (const [kind, items] of after.found) {
    const known = new Map<string, number>();
    for (const [item, n] of before.found.get(kind) ?? []) known.set(identity(kind, item), n);
    for (const [item, n] of items) {
      const extra = n - (known.get(identity(kind, item)) ?? 0);
      if (extra > 0) lines.push(`${kind}: ${item}${extra > 1 ? ` (${extra} times)` : ""}`);
    }
  }
  return lines;
}
