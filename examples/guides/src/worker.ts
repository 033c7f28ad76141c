import type { WorkerLaunch } from "@tenon/host";

/** Gets a small heap, few Buffers, and two variables of the host's. */
export const modest: WorkerLaunch = {
  worker: "./plugins/words/plugin.js",
  inheritEnv: ["PATH", "HOME"],
  resourceLimits: { maxOldGenerationSizeMb: 128 },
  maxExternalBytes: 64 * 1024 * 1024,
};
