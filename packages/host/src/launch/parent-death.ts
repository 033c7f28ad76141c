import { access, readFile } from "node:fs/promises";
import { constants } from "node:fs";
import { hostProcess } from "./host-process.js";

const places = ["/usr/bin/setpriv", "/bin/setpriv"];

/**
 * Finds a `setpriv` that can arrange for a signal at the death of the parent; undefined where there is none, on systems
 * other than Linux, and off the main thread: the kernel sends the signal when the *thread* that forked ends, so a plugin
 * started by a worker would die with that worker.
 */
export async function findSetpriv(): Promise<string | undefined> {
  if (hostProcess.platform !== "linux" || !hostProcess.isMainThread) return undefined;
  for (const place of places) {
    const isRunnable = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    // BusyBox and old versions of util-linux have a setpriv without this option. Reading the file for the option's name
    // costs a tenth of running it.
    if (isRunnable && (await readFile(place).catch(() => undefined))?.includes("pdeathsig")) return place;
  }
  return undefined;
}

/** The command line that runs `file` with `args` so that `signal` reaches it when this thread ends. */
export function withParentDeathSignal(
  setpriv: string,
  signal: "SIGTERM" | "SIGKILL",
  file: string,
  args: readonly string[],
): [file: string, ...args: string[]] {
  return [setpriv, "--pdeathsig", signal.slice("SIG".length), "--", file, ...args];
}

/** Why setpriv could not run the file, where a child's end is that failure: then the file is to blame, not the plugin's code. */
export function findSetprivFailure(exitCode: number | null, stderrTail: readonly string[]): string | undefined {
  if (exitCode !== 126 && exitCode !== 127) return undefined;
  return stderrTail.map((line) => /^setpriv: failed to execute .*: ([^:]+)$/.exec(line)?.[1]).find(Boolean);
}
