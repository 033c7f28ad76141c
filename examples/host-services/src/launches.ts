import { fileURLToPath } from "node:url";
import type { Launch } from "@tenon/host";

const file = fileURLToPath(new URL("plugin.js", import.meta.url));

/** The same plugin file, started in three ways. */
export const launches: Readonly<Record<string, Launch>> = {
  process: { process: [process.execPath, file] },
  worker: { worker: file },
  inline: { inline: file },
};
