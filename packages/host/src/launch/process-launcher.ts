import { commandOf } from "./command-of.js";
import { hostProcess } from "./host-process.js";
import type { Launcher } from "./launcher.js";
import { findSetpriv, withParentDeathSignal } from "./parent-death.js";
import { resolveCommand } from "./resolve-command.js";
import { spawnProcess } from "./spawn-process.js";

/**
 * The launcher that is used where a launch names none: a child process of the host, in a process group of its own. A launcher that
 * only wraps a command, as `bwrap` or `prlimit` do, hands the longer command on to this one.
 */
export function processLauncher(): Launcher {
  let setpriv: Promise<string | undefined> | undefined;
  return Object.freeze<Launcher>({
    name: "process",
    capabilities: Object.freeze({ isolation: "process" as const }),
    async start(request) {
      const { env, cwd, stdin, parentDeathSignal, searchPath } = request;
      const [command, ...args] = commandOf(request);
      const isWindows = hostProcess.platform === "win32";
      const file = isWindows ? command : resolveCommand({ command, cwd, path: searchPath });
      const found = parentDeathSignal === false ? undefined : await (setpriv ??= findSetpriv());
      request.signal.throwIfAborted();
      const [first, ...rest] =
        parentDeathSignal === false || found === undefined
          ? [file, ...args]
          : withParentDeathSignal(found, parentDeathSignal, file, args);
      const process = await spawnProcess({ file: first ?? file, args: rest, env, cwd, stdin });
      return {
        pid: process.pid,
        file,
        stdout: process.stdout,
        stderr: process.stderr,
        exited: process.exited,
        signal: (signal) => process.signalGroup(signal),
        detach: () => process.detach?.(),
        release: () => process.release(),
      };
    },
  });
}
