import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A plugin's process without a host. */
export interface LonePlugin {
  readonly process: ChildProcess;
  /** The first line on standard output, or undefined when it ended without one. */
  readonly line: Promise<string | undefined>;
  /** Exit code and signal once it has ended. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  /** What it has printed on standard error. */
  readonly stderr: () => string;
}

/** Starts a plugin as a host would, with these variables and pipes, and waits for nothing. */
export function runAlone(command: readonly [string, ...string[]], env: Record<string, string>): LonePlugin {
  const [file, ...args] = command;
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // It may have ended before us.
  const lines = createInterface(child.stdout);
  const line = Promise.race([once(lines, "line"), once(lines, "close")]) as Promise<[string?]>;
  return {
    process: child,
    line: line.then(([text]) => text),
    ended: once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    stderr: () => stderr,
  };
}
