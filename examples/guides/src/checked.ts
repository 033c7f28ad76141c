import type { ProcessLaunch } from "@tenon/host";

/** A program, verified before each start. */
export const program: ProcessLaunch = {
  process: ["./plugins/words"],
  checksum: { sha256: "6f5902ac237024bdd0c176cb93063dc4b1d3e4f3b2d6c1f7f9d8f6a2e1c0b9a8" },
};

/** A plugin in one bundled file, run by an interpreter that is trusted. */
export const bundle: ProcessLaunch = {
  process: ["node", "plugins/words.mjs"],
  checksum: { file: "plugins/words.mjs", sha256: "1b0e5e5c0f1d2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3" },
};
