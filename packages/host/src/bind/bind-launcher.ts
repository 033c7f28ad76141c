import { createDeferred } from "../async/deferred.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { LaunchedInstance, Launcher } from "../launch/launcher.js";
import type { BoundLink } from "./bound-link.js";
import { hostFrames } from "./frames.js";

/** The launcher of a plugin that has dialled in: nothing is started, the link is there. */
export function bindLauncher(link: BoundLink, version: number, isMultiplexed: boolean): Launcher {
  const end = (reason: string): void => link.end({ reason, isWanted: true }, hostFrames.goodbye(reason, true));
  const givenUp = createDeferred<ExitFacts>();
  const launched: LaunchedInstance = {
    reach: { kind: "stream", stream: link.duplex, version, multiplex: isMultiplexed },
    exited: Promise.race([link.exited, givenUp.promise]),
    leaving: () => link.refusal,
    signal(signal) {
      if (signal === "SIGCONT") return true;
      // Whoever could not make a session ends the link, with the reason.
      if (!link.isReady) givenUp.resolve({ exitCode: null, signal: null });
      // One that is about to say goodbye may.
      else if (signal === "SIGKILL" || !link.isLeaving) end("the host stopped the session");
      return true;
    },
    detach() {
      if (!link.isLeaving) end("the host let go of the plugin");
    },
    release() {},
  };
  return Object.freeze<Launcher>({
    name: "bind",
    capabilities: Object.freeze({ isolation: "machine" as const, hostServices: isMultiplexed }),
    start: async () => launched,
  });
}
