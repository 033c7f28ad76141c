import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { settledWithin } from "../async/settle.js";
import { hostProcess } from "../launch/host-process.js";

/** A process beside the host that outlives it by a moment, to remove what the host no longer can. */
export interface Janitor {
  /** Ends it without letting it remove anything. Resolves when it is gone. Never rejects. */
  end(): Promise<void>;
}

const endTimeoutMs = 1000;

/**
 * Nobody ever writes to its standard input, whose end is the end of the host. It has no list to keep in step with the host:
 * its arguments are prefixes that hold a number of the host's own, and what has such a name then is left over. It follows no
 * link, and removes nothing but sockets and directories of its own user. A plugin that ends at the same moment may make its
 * socket between two looks, so it looks again, five times at most. Ctrl-C and a stop of the host's whole service must not end it
 * before the host.
 */
const script = `
trap '' HUP INT TERM
while read -r line; do :; done
for look in 1 2 3 4 5; do
  left=
  for prefix in "$@"; do
    for directory in "$prefix"*; do
      [ -d "$directory" ] && [ ! -L "$directory" ] && [ -O "$directory" ] || continue
      for file in "$directory"/*; do
        if [ -S "$file" ] && [ ! -L "$file" ]; then rm -f -- "$file"; fi
      done
      rmdir -- "$directory" || left=1
    done
  done
  [ "$left" ] || exit 0
  sleep 1
done`;

/**
 * Starts a janitor: a shell of about 2 MB, asleep until the host is gone. Directories whose path begins with one of `prefixes`
 * then go, with the sockets in them. It keeps neither the host's process nor its terminal. Where there is no shell it does
 * nothing.
 */
export function startJanitor(prefixes: readonly string[]): Janitor {
  const path = [hostProcess.environment()["PATH"], "/usr/bin:/bin"].filter(Boolean).join(":");
  try {
    const child = spawn("/bin/sh", ["-c", script, "tenon-janitor", ...prefixes], {
      cwd: "/",
      env: { PATH: path },
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      // Not started: there is nothing to end.
      child.once("error", () => resolve());
    });
    child.stdin.on("error", () => {});
    child.unref();
    (child.stdin as Socket).unref();
    return {
      async end() {
        child.kill("SIGKILL");
        await settledWithin(ended, endTimeoutMs);
        child.stdin.destroy();
      },
    };
  } catch {
    return { end: () => Promise.resolve() };
  }
}
