import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";

/** The one door to the global `process`: who we are, and how to signal others. */
export const hostProcess = {
  pid: process.pid,
  platform: process.platform,
  architecture: process.arch,
  isMainThread,

  /** The environment as it is now. */
  environment(): Readonly<Record<string, string | undefined>> {
    return process.env;
  },

  /** The directory that relative paths start from. */
  cwd(): string {
    return process.cwd();
  },

  /** Milliseconds of a clock that all threads of this process share and nobody sets. */
  monotonicMs(): number {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },

  /** Our effective user id; undefined on systems without user ids. */
  userId(): number | undefined {
    return process.geteuid?.();
  },

  /** Whether there is a process of this id, whoever it belongs to. */
  isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ESRCH";
    }
  },

  /**
   * Sends a signal to the process group `pid` leads; on Windows, which has none, to the process alone.
   * Returns false when nobody is left to receive it or we may not send it.
   */
  signalGroup(pid: number, signal: NodeJS.Signals): boolean {
    try {
      return process.kill(process.platform === "win32" ? pid : -pid, signal);
    } catch {
      return false;
    }
  },

  /** Sends a signal to one process. Returns false when it is not there or we may not. */
  signal(pid: number, signal: NodeJS.Signals): boolean {
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  },

  /** Calls `listener` when this process is about to exit; returns the way to take that back. */
  onExit(listener: () => void): () => void {
    process.on("exit", listener);
    return () => {
      process.off("exit", listener);
    };
  },
} as const;

/** Name of the signal that a shell's exit code of 128 + n stands for; undefined where it stands for none. */
export function signalOfShellCode(exitCode: number): string | undefined {
  const entry = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return entry?.[0];
}
