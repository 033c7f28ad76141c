import { describe } from "node:test";
import { launcherCompliance } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, lacksOfProcesses, processLaunch } from "./host-rig.js";

useSandbox();

describe("a plugin in a process of its own, in plaintext [LAU-01]", () => {
  launcherCompliance(hostRig(processLaunch, lacksOfProcesses, { autoMtls: false }));
});
