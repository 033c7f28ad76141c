import { createHost, type Host, type ProcessLaunch, type StartOptions } from "@tenon/host";
import type { LauncherRig, RigRequest } from "@tenon/testkit";
import { specimen } from "../fixtures/specimen.js";
import { fixture } from "../support/fixture.js";

/** Anything that `host.start` takes to start an instance. */
type Launch = Parameters<Host["start"]>[1];

/** The compiled plugin of the suite. */
export const specimenFile = fixture("specimen-plugin")[1]!;

/** A stop that does not wait long for what will not end by itself. */
export const stop = { shutdownTimeoutMs: 1800, terminateTimeoutMs: 300 };

/** A launcher of a Tenon host as a rig of the suite. Each instance has a host of its own, which ends with it. */
export function hostRig(
  launchFor: (request: RigRequest) => Launch,
  lacks: NonNullable<LauncherRig["lacks"]>,
  options: StartOptions = {},
): LauncherRig {
  return {
    lacks,
    async open(request) {
      const host = createHost();
      const started = host.start(specimen, launchFor(request), {
        stop,
        hostServices: { host: request.host },
        ...options,
      });
      const session = await started.catch(async (error: unknown) => {
        await host.stop();
        throw error;
      });
      return {
        client: session.client("specimen"),
        version: session.version,
        closed: session.closed,
        stop: () => session.stop(),
        release: () => host.stop(),
      };
    },
  };
}

/** The command that runs the plugin's file in a process, with a heap of the size that the case wants. */
export function specimenCommand({ maxHeapMiB }: RigRequest, file = specimenFile): [string, ...string[]] {
  const limit = maxHeapMiB === undefined ? [] : [`--max-old-space-size=${maxHeapMiB}`];
  return [process.execPath, ...limit, file];
}

/** That command as a child process. */
export function processLaunch(request: RigRequest): ProcessLaunch {
  return { process: specimenCommand(request) };
}

/** What a process of the same user cannot do. */
export const lacksOfProcesses: NonNullable<LauncherRig["lacks"]> = {
  buffers: "a process has no limit but those of the system, such as cgroups",
};
