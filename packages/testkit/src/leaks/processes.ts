import { readdirSync, readFileSync } from "node:fs";

/** One process as `/proc` shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  /** Process group. */
  readonly groupId: number;
  /** State letter of `/proc/<pid>/stat`: R, S, D, T, … Zombies (Z) and dead ones (X) are listed too. */
  readonly state: string;
  /** Start in clock ticks since boot. Pid and start together name a process for good; a pid alone is re-used. */
  readonly startTicks: number;
  /** The command line, its arguments joined by spaces; the bare name for a process without one. */
  readonly command: string;
}

/** Reads one process from `/proc`, or undefined where there is none (or no `/proc`). */
export function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may itself hold spaces and parentheses, so fields are counted from the last one.
    const nameEnd = stat.lastIndexOf(")");
    const fields = stat.slice(nameEnd + 2).split(" ");
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return {
      pid,
      state: fields[0]!,
      parentPid: Number(fields[1]),
      groupId: Number(fields[2]),
      startTicks: Number(fields[19]),
      command: line === "" ? stat.slice(stat.indexOf("(") + 1, nameEnd) : line,
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether `pid` is a live process: it exists and is no zombie. `process.kill(pid, 0)` says yes for zombies as well,
 * so it cannot tell a killed orphan from a running one. Give `startTicks` to rule out that the pid was re-used.
 * Without `/proc` it falls back to `kill(pid, 0)`.
 */
export function isProcessAlive(pid: number, startTicks?: number): boolean {
  if (process.platform !== "linux") {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
  const facts = readProcess(pid);
  if (facts === undefined || facts.state === "Z" || facts.state === "X") return false;
  return startTicks === undefined || facts.startTicks === startTicks;
}

/** Every live process, zombies left out. Empty where there is no `/proc`. */
export function listProcesses(): ProcessFacts[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => readProcess(Number(name)))
      .filter((facts) => facts !== undefined)
      .filter(({ state }) => state !== "Z" && state !== "X");
  } catch {
    return [];
  }
}

/**
 * The live descendants of `rootPid`, and every other process whose environment holds `environmentMark` (`NAME=value`):
 * an orphan is adopted by init and no descendant any more, but it keeps the environment it was started with.
 */
export function listDescendants(rootPid: number, environmentMark?: string): ProcessFacts[] {
  const all = listProcesses();
  const family = new Set([rootPid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parentPid } of all) {
      if (family.has(parentPid) && !family.has(pid)) {
        family.add(pid);
        grown = true;
      }
    }
  }
  return all.filter(({ pid }) => pid !== rootPid && (family.has(pid) || hasMark(pid, environmentMark)));
}

function hasMark(pid: number, mark: string | undefined): boolean {
  if (mark === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
  } catch {
    return false;
  }
}
