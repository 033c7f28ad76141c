import { describe } from "node:test";
import { createHost } from "@tenon/host";
import { launcherCompliance, type LauncherRig } from "@tenon/testkit";
import { specimen } from "../fixtures/specimen.js";
import { useSandbox } from "../support/sandbox.js";
import { lacksOfProcesses, processLaunch, stop } from "./host-rig.js";

useSandbox();

/** One host starts the plugin, another one attaches to it and is the one that calls. */
const rig: LauncherRig = {
  lacks: {
    ...lacksOfProcesses,
    "exit-code": "only the parent of a process is told",
  },
  async open(request) {
    const hostServices = { host: request.host };
    const starting = createHost();
    const attaching = createHost();
    const started = await starting.start(
      specimen,
      { ...processLaunch(request), lifetime: "own" },
      { stop, autoMtls: false },
    );
    const session = await attaching.start(specimen, { attach: started.reattach }, { stop, hostServices });
    return {
      client: session.client("specimen"),
      version: session.version,
      closed: session.closed,
      stop: () => session.stop(),
      async release() {
        await started.stop();
        await Promise.all([starting.stop(), attaching.stop()]);
      },
    };
  },
};

/** What does depend on who started it: the engine in between is the one that a start has. */
const areas = ["base", "streams", "cancel", "host services", "close", "crash", "stress"];

describe("a plugin that runs already and is attached to [LAU-05]", () => launcherCompliance(rig, { areas }));
