import { describe } from "node:test";
import { launcherCompliance, type LauncherRig, type RigRequest } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, specimenFile } from "./host-rig.js";

useSandbox();

const launch = ({ maxHeapMiB, maxBuffersMiB }: RigRequest) => ({
  worker: specimenFile,
  ...(maxHeapMiB !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB } }),
  ...(maxBuffersMiB !== undefined && { maxExternalBytes: maxBuffersMiB * 1_048_576 }),
});

const lacks: NonNullable<LauncherRig["lacks"]> = {};

describe("a plugin in a worker thread [LAU-03]", () => launcherCompliance(hostRig(launch, lacks)));
