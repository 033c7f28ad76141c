import { readFileSync, writeFileSync } from "node:fs";
import { formatReattach, parseReattach } from "@tenon/core";
import { attachFromEnvironment, type Host, type ProcessLaunch } from "@tenon/host";
import { words } from "./contract.js";

/** A plugin that runs on when its host is restarted. */
export const survivor: ProcessLaunch = { process: ["node", "plugin.js"], lifetime: "own" };

/** Starts it, or attaches to the one that an earlier run of this program left. */
export async function startOrAttach(host: Host, launch: ProcessLaunch, file: string) {
  try {
    const { words: attach } = parseReattach(readFileSync(file, "utf8"));
    if (attach !== undefined) return await host.start(words, { attach });
  } catch {
    // No file, or nobody is there any more: a new one is started.
  }
  const session = await host.start(words, launch, { autoMtls: false });
  writeFileSync(file, formatReattach({ words: session.reattach }), { mode: 0o600 });
  return session;
}

/** Attaches to the plugin of a developer's debugger, where there is one. */
export function startForDevelopers(host: Host, launch: ProcessLaunch) {
  return host.start(words, attachFromEnvironment("TENON_REATTACH", "words") ?? launch);
}
