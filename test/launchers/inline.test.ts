import { describe } from "node:test";
import { launcherCompliance, type LauncherRig } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, specimenFile } from "./host-rig.js";

useSandbox();

/** What cannot be contained where the handlers run in the host's own thread. docs/guides/launchers.md says the same. */
const lacks: NonNullable<LauncherRig["lacks"]> = {
  exit: "process.exit in a handler ends the host",
  block: "a handler that never gives the thread back blocks the host",
  heap: "the heap is the host's",
  buffers: "the memory is the host's",
  "stray-errors": "an error outside of any call is the host's",
  prints: "standard output is the host's",
};

/** A file is imported once for the whole process, so all instances of it have the same module. */
const shared = { ...lacks, "own-state": "instances share the module, unless it can be reloaded" };

describe("a plugin called inline [LAU-02]", () => {
  launcherCompliance(hostRig(() => ({ inline: specimenFile }), shared));
});

describe("a plugin called inline with messages copied [LAU-02]", () => {
  launcherCompliance(hostRig(() => ({ inline: specimenFile, copy: true }), shared));
});

describe("a plugin called inline that can be reloaded [LAU-02]", () => {
  launcherCompliance(hostRig(() => ({ inline: specimenFile, reload: true }), lacks));
});
