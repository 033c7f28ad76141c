import type { AttachLaunch } from "../attach/attach-launch.js";
import { type InlineLaunch, parseInlineLaunch } from "../inline/inline-launch.js";
import { checkKeys, describe, invalidOption } from "../options/check.js";
import type { Launcher } from "./launcher.js";
import { createParsedLaunch, type ParsedLaunch } from "./parsed-launch.js";
import { parseLauncher, parseProcessLaunch, parseSurroundings, type ProcessLaunch } from "./process-launch.js";
import { parsePieLaunch } from "../pie/pie-launch.js";
import type { PieLaunch } from "../pie/pie-settings.js";
import { parseStdioLaunch, type StdioLaunch } from "./stdio/stdio-launch.js";
import { parseWorkerLaunch } from "../worker/worker-launch.js";
import type { WorkerLaunch } from "../worker/worker-settings.js";

/** A launch by a launcher of your own that needs no command: what it starts is in the launcher itself. */
export interface LauncherLaunch extends Pick<ProcessLaunch, "env" | "inheritEnv" | "cwd"> {
  readonly launcher: Launcher;
}

/** How to start an instance, by the one key that says it: `process`, `stdio`, `pie`, `worker`, `inline`, `launcher`. Plain data, but for launchers. */
export type Launch = ProcessLaunch | StdioLaunch | PieLaunch | WorkerLaunch | InlineLaunch | LauncherLaunch;

/** What can be handed to `host.start`. */
export type AnyLaunch = Launch | AttachLaunch;

/** Each kind of launch by its key. The first key that a launch has decides. */
const kinds: Readonly<Record<string, (launch: never) => ParsedLaunch>> = {
  process: parseProcessLaunch,
  stdio: parseStdioLaunch,
  pie: parsePieLaunch,
  worker: parseWorkerLaunch,
  inline: parseInlineLaunch,
  launcher: parseLauncherLaunch,
};

/** Checks a launch. @throws TenonError `option-invalid`, naming the key; `checksum-missing` */
export function parseLaunch(launch: Launch): ParsedLaunch {
  if (typeof launch !== "object" || launch === null) {
    const example = '{ process: ["node", "plugin.js"] }';
    throw invalidOption("launch", `it must be an object such as ${example}, not ${describe(launch)}`);
  }
  const kind = Object.keys(kinds).find((key) => (launch as unknown as Record<string, unknown>)[key] !== undefined);
  if (kind === undefined) {
    throw invalidOption("launch", `it must say what to start, by one of ${Object.keys(kinds).join(", ")}, attach`);
  }
  return kinds[kind]!(launch as never);
}

function parseLauncherLaunch(launch: LauncherLaunch): ParsedLaunch {
  checkKeys("launch", launch, ["launcher", "env", "inheritEnv", "cwd"]);
  const launcher = parseLauncher(launch.launcher);
  return createParsedLaunch({ ...parseSurroundings(launch), launcher, label: [launcher?.name ?? ""] });
}
