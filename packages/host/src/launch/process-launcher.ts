import type { Launcher } from "./launcher.js";
import { createSpawner } from "./spawner.js";

/**
 * The launcher that is used where a launch names none: a child process of the host, in a process group of its own. A launcher that
 * only wraps a command, as `bwrap` or `prlimit` do, hands the longer command on to this one.
 */
export function processLauncher(): Launcher {
  const spawn = createSpawner();
  return Object.freeze<Launcher>({
    name: "process",
    capabilities: Object.freeze({ isolation: "process" as const }),
    async start(request) {
      const { process, file } = await spawn(request);
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
