import { describe } from "node:test";
import { launcherCompliance } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, lacksOfProcesses, processLaunch } from "./host-rig.js";

useSandbox();

/** What does depend on how the two are connected; in plaintext all of it is called. */
const areas = ["base", "streams", "cancel", "back-pressure", "host services", "close", "crash", "stress"];

describe("a plugin in a process of its own, with AutoMTLS [LAU-01]", () => {
  launcherCompliance(hostRig(processLaunch, lacksOfProcesses), { areas });
});

describe("a plugin in a process of its own, all over one connection [LAU-01]", () => {
  launcherCompliance(hostRig(processLaunch, lacksOfProcesses, { autoMtls: false, multiplex: true }), { areas });
});
