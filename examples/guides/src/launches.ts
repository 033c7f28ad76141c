import type { ProcessLaunch } from "@tenon/host";

/** A program of any language: with go-plugin, with Tenon, or with anything else that speaks the handshake. */
export const binary: ProcessLaunch = { process: ["./plugins/words", "--verbose"], cwd: "/srv/app" };

/** Gets two variables of the host's and one of its own, and nothing else. */
export const frugal: ProcessLaunch = {
  process: ["node", "plugin.js"],
  inheritEnv: ["PATH", "HOME"],
  env: { WORDS_LANGUAGE: "en" },
};

/** Gets all but one variable of the host's. */
export const discreet: ProcessLaunch = { process: ["node", "plugin.js"], env: { DATABASE_PASSWORD: undefined } };
