import { fileURLToPath } from "node:url";
import { createParsedLaunch, type ParsedLaunch } from "../launch/parsed-launch.js";
import { parseSurroundings } from "../launch/process-launch.js";
import { checkKeys, describe, invalidOption, wholeNumber } from "../options/check.js";
import { workerLauncher } from "./worker-launcher.js";
import type { WorkerLaunch, WorkerResourceLimits, WorkerSettings } from "./worker-settings.js";

const launchKeys = [
  "worker",
  "env",
  "inheritEnv",
  "cwd",
  "argv",
  "execArgv",
  "resourceLimits",
  "maxExternalBytes",
] as const satisfies readonly (keyof WorkerLaunch)[];

const limitKeys = [
  "maxOldGenerationSizeMb",
  "maxYoungGenerationSizeMb",
  "codeRangeSizeMb",
  "stackSizeMb",
] as const satisfies readonly (keyof WorkerResourceLimits)[];

/** Checks a launch. @throws TenonError `option-invalid`, naming the key */
export function parseWorkerLaunch(launch: WorkerLaunch): ParsedLaunch {
  checkKeys("launch", launch, launchKeys);
  const settings = parseWorkerSettings(launch);
  return createParsedLaunch({
    ...parseSurroundings(launch),
    transport: "port",
    stdin: "ignore",
    parentDeathSignal: false,
    label: [settings.file],
    launcher: workerLauncher(settings),
  });
}

function parseWorkerSettings(launch: WorkerLaunch): WorkerSettings {
  const { argv, execArgv, resourceLimits, maxExternalBytes } = launch;
  return Object.freeze<WorkerSettings>({
    file: parseFile(launch.worker),
    ...(argv !== undefined && { argv: parseTexts("launch.argv", argv) }),
    ...(execArgv !== undefined && { execArgv: parseTexts("launch.execArgv", execArgv) }),
    ...(resourceLimits !== undefined && { resourceLimits: parseLimits(resourceLimits) }),
    ...(maxExternalBytes !== undefined && {
      maxExternalBytes: wholeNumber("launch.maxExternalBytes", maxExternalBytes, 0, 1, Number.MAX_SAFE_INTEGER),
    }),
  });
}

function parseFile(value: unknown): string {
  const isUrl = value instanceof URL || (typeof value === "string" && value.startsWith("file:"));
  try {
    if (isUrl) return fileURLToPath(value);
  } catch {
    // Said below.
  }
  if (!isUrl && typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  const shown = value instanceof URL ? describe(value.href) : describe(value);
  throw invalidOption("launch.worker", `it must be the path of a file or a file: URL, not ${shown}`);
}

function parseTexts(option: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return Object.freeze([...value]);
  throw invalidOption(option, `it must be a list of texts, not ${describe(value)}`);
}

function parseLimits(value: unknown): WorkerResourceLimits {
  const given = checkKeys("launch.resourceLimits", value, limitKeys);
  for (const key of limitKeys) {
    const limit = given[key];
    if (limit === undefined || (typeof limit === "number" && Number.isFinite(limit) && limit > 0)) continue;
    throw invalidOption(`launch.resourceLimits.${key}`, `it must be a number of MiB above 0, not ${describe(limit)}`);
  }
  return Object.freeze({ ...given });
}
