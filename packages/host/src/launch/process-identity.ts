import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { NetworkAddress } from "./launcher.js";

/** What the system tells of a process that runs. */
export interface ProcessIdentity {
  /** Tells it from another process with the same id, before or after a restart of the machine. */
  readonly identity: string;
  readonly groupId: number;
}

/**
 * Reads who a process is; undefined where there is none of this id (one that has ended and was not reaped counts as none) and on
 * systems other than Linux, which do not tell.
 */
export function readIdentity(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything, blanks and parentheses too.
    const [state, , group, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const startedAt = rest[16];
    if (state === "Z" || state === "X" || startedAt === undefined) return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return { identity: `${boot}:${startedAt}`, groupId: Number(group) };
  } catch {
    return undefined;
  }
}

/** Whether a process listens at an address, as far as the system lets us look; always false on systems other than Linux. */
export function listensAt(pid: number, { network, address }: NetworkAddress): boolean {
  try {
    const inodes = network === "unix" ? unixListeners(pid, address) : tcpListeners(pid, address);
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const target = tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target ?? "") ?? [];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false;
  }
}

/** A line of /proc/net/unix: Num RefCount Protocol Flags Type State Inode Path. */
function unixListeners(pid: number, path: string): Set<string> {
  const lines = readFileSync(`/proc/${pid}/net/unix`, "utf8").split("\n");
  const found = lines.flatMap((line) => {
    const [, flags, inode, name] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line) ?? [];
    return inode !== undefined && flags === "00010000" && name === path ? [inode] : [];
  });
  return new Set(found);
}

/** A line of /proc/net/tcp: sl local remote state queues timer retransmits uid timeout inode. */
function tcpListeners(pid: number, address: string): Set<string> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const lines = ["tcp", "tcp6"].flatMap(
    (table) => tryTo(() => readFileSync(`/proc/${pid}/net/${table}`, "latin1").split("\n")) ?? [],
  );
  const found = lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const isOurs = state === "0A" && Number.parseInt(local.split(":")[1] ?? "", 16) === port;
    return isOurs && inode !== undefined ? [inode] : [];
  });
  return new Set(found);
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
