import type { ChildProcess } from "node:child_process";
import { platform } from "node:os";
import type { ChildExit } from "./child-exit.js";

/** How long a process may take to end after SIGTERM, in milliseconds. */
const terminateTimeoutMs = 2000;

/** Whether processes can be started in groups of their own. */
export function hasGroups(): boolean {
  return platform() !== "win32";
}

/** Whether a process that was started has not ended. */
export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** SIGTERM to a process and what it has started, and SIGKILL after a while. Resolves when it is gone. */
export async function stopProcess(process: ChildProcess, exited: Promise<ChildExit>): Promise<ChildExit> {
  if (isRunning(process)) signalGroup(process, "SIGTERM");
  const timer = setTimeout(() => {
    if (isRunning(process)) signalGroup(process, "SIGKILL");
  }, terminateTimeoutMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

/** Signals the process and what it has started; where there are no groups, the process. */
export function signalGroup(process: ChildProcess, signal: NodeJS.Signals): void {
  if (process.pid === undefined) return;
  if (!hasGroups()) return void process.kill(signal);
  try {
    globalThis.process.kill(-process.pid, signal);
  } catch {
    // Nobody is left.
  }
}
