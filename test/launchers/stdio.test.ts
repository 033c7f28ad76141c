import { describe } from "node:test";
import { launcherCompliance } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, lacksOfProcesses, specimenCommand } from "./host-rig.js";

useSandbox();

describe("a plugin on its standard input and output [LAU-04]", () => {
  launcherCompliance(hostRig((request) => ({ stdio: specimenCommand(request) }), lacksOfProcesses));
});
