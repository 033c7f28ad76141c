import type { LaunchedInstance, Launcher } from "../launch/launcher.js";
import type { BoundLink } from "./bound-link.js";
import { hostFrames } from "./frames.js";

/** The launcher of a plugin that has dialled in: nothing is started, the link is there. */
export function bindLauncher(link: BoundLink, version: number, isMultiplexed: boolean): Launcher {
  const leave = (reason: string): boolean => {
    link.end({ reason, isWanted: true }, hostFrames.goodbye(reason, true));
    return true;
  };
  const launched: LaunchedInstance = {
    reach: { kind: "stream", stream: link.duplex, version, multiplex: isMultiplexed },
    exited: link.exited,
    signal: (signal) => signal === "SIGCONT" || leave("the host stopped the session"),
    detach: () => void leave("the host let go of the plugin"),
    release() {},
  };
  return Object.freeze<Launcher>({
    name: "bind",
    capabilities: Object.freeze({ isolation: "machine" as const, hostServices: isMultiplexed }),
    start: async () => launched,
  });
}
