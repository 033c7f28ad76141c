import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { settledWithin } from "../async/settle.js";
import { hostProcess } from "../launch/host-process.js";

/** A process beside the host that outlives it by a moment, to end and remove what the host no longer can. */
export interface Janitor {
  /**
   * From now on it ends this process group when the host is gone. `isLeaderTold`: somebody else tells the group's leader then, so it
   * is not told twice.
   */
  watch(groupId: number, isLeaderTold?: boolean): void;
  /** The group has ended: its number may be another's soon. */
  forget(groupId: number): void;
  /** Ends it without letting it do anything. Resolves when it is gone. Never rejects. */
  end(): Promise<void>;
}

const endTimeoutMs = 1000;

/**
 * The end of its standard input is the end of the host. Until then it is told of process groups, as `+ number`, `= number` where the
 * kernel tells the leader, and `- number`. Of directories it has no list to keep in step: its arguments are prefixes that hold a number of
 * the host's own, and what has such a name then is left over.
 *
 * Each group gets SIGTERM once and the time of the looks, in which it may clean up, then SIGKILL. One whose leader the kernel has told gets SIGTERM
 * only when that leader is gone: it was a wrapper then, and what is behind it knows nothing.
 *
 * It follows no link, and removes nothing but sockets, verified copies of plugins and directories of its own user. A plugin that ends at the
 * same moment may make its socket between two looks, so it looks again. Ctrl-C and a stop of the host's whole service must not end it before the
 * host.
 */
const script = `
trap '' HUP INT TERM
groups=
led=
while read -r sign group; do
  case $sign in
    +) groups="$groups $group" ;;
    =) groups="$groups $group"; led="$led $group" ;;
    -)
      kept=
      for each in $groups; do [ "$each" = "$group" ] || kept="$kept $each"; done
      groups=$kept
      ;;
  esac
done
told=
for look in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 last; do
  left=
  kept=
  for group in $groups; do
    kill -s 0 -- "-$group" || continue
    kept="$kept $group"
    left=1
    if [ $look = last ]; then
      kill -s KILL -- "-$group"
      continue
    fi
    case " $told " in *" $group "*) continue ;; esac
    case " $led " in *" $group "*) kill -s 0 "$group" && continue ;; esac
    kill -s TERM -- "-$group"
    told="$told $group"
  done
  groups=$kept
  for prefix in "$@"; do
    for directory in "$prefix"*; do
      [ -d "$directory" ] && [ ! -L "$directory" ] && [ -O "$directory" ] || continue
      for file in "$directory"/*; do
        if [ -S "$file" ] && [ ! -L "$file" ]; then rm -f -- "$file"; fi
      done
      copies="$directory/verified"
      if [ -d "$copies" ] && [ ! -L "$copies" ] && [ -O "$copies" ]; then
        for file in "$copies"/*; do
          if [ -f "$file" ] && [ ! -L "$file" ]; then rm -f -- "$file"; fi
        done
        rmdir -- "$copies"
      fi
      rmdir -- "$directory" || left=1
    done
  done
  [ "$left" ] || exit 0
  sleep 0.2 || sleep 1
done`;

/**
 * Starts a janitor: a shell of about 2 MB, asleep until the host is gone. The groups that it watches are ended then, and directories whose
 * path begins with one of `prefixes` go, with the sockets in them. It keeps neither the host's process nor its terminal. Where there is no shell it does
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
      watch: (groupId, isLeaderTold = false) => void child.stdin.write(`${isLeaderTold ? "=" : "+"} ${groupId}\n`),
      forget: (groupId) => void child.stdin.write(`- ${groupId}\n`),
      async end() {
        child.kill("SIGKILL");
        await settledWithin(ended, endTimeoutMs);
        child.stdin.destroy();
      },
    };
  } catch {
    return { watch: () => {}, forget: () => {}, end: () => Promise.resolve() };
  }
}
