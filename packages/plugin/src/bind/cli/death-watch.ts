import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { hasGroups } from "./process-group.js";

/**
 * Reads lines of a process group and a directory, until nobody is left who could write one. Then it does away with what the last line names;
 * an empty line names nothing.
 */
const script = `
trap '' TERM INT HUP
while read -r group directory; do last=$group left=$directory; done
if [ -n "$last" ]; then kill -s KILL -- "-$last"; rm -rf -- "$left" "$1"; fi
`;

/** Ends a program whose tenon-bind was killed and could do nothing any more. */
export interface DeathWatch {
  /** The end of this process is from now on that of this process group, its directory and the ready file, in place of those before. */
  guard(group: number, directory: string): void;
  /** What was guarded is gone. */
  release(): void;
  /** Ends the watch. What is guarded still is ended too. */
  close(): void;
}

/**
 * Starts the watch: a shell in a session of its own, whose standard input ends with this process, however that does. Where there is no
 * shell `onMissing` is called, and nothing is watched; so it is on Windows.
 */
export function startDeathWatch(readyFile: string | undefined, onMissing: (cause: Error) => void): DeathWatch {
  if (!hasGroups()) return { guard() {}, release() {}, close() {} };
  const shell = spawn("/bin/sh", ["-c", script, "tenon-bind-watch", readyFile ?? ""], {
    cwd: "/",
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const stdin = shell.stdin as Socket;
  shell.once("error", onMissing);
  stdin.on("error", () => {});
  shell.unref();
  stdin.unref();
  return {
    guard: (group, directory) => void stdin.write(`${group} ${directory}\n`),
    release: () => void stdin.write("\n"),
    close: () => void stdin.end(),
  };
}
