import type { JsonRpcNames } from "@tenon/wire/json-rpc";
import { parseChecksums } from "../launch/checksum.js";
import { createParsedLaunch, type ParsedLaunch } from "../launch/parsed-launch.js";
import { parseCommand, parseSurroundings } from "../launch/process-launch.js";
import { checkKeys, describe, invalidOption, oneOf, wholeNumber } from "../options/check.js";
import { pieLauncher } from "./pie-launcher.js";
import type { PieLaunch, PieSettings } from "./pie-settings.js";

const launchKeys = [
  "pie",
  "mode",
  "version",
  "names",
  "form",
  "maxMessageBytes",
  "env",
  "inheritEnv",
  "cwd",
  "parentDeathSignal",
  "checksum",
] as const satisfies readonly (keyof PieLaunch)[];

/** Checks a launch. @throws TenonError `option-invalid`, naming the key; `checksum-missing` */
export function parsePieLaunch(launch: PieLaunch): ParsedLaunch {
  checkKeys("launch", launch, launchKeys);
  return createParsedLaunch({
    command: parseCommand("launch.pie", launch.pie),
    ...parseSurroundings(launch),
    transport: "none",
    // Requests come from it, and its end means that no more come.
    stdin: "ignore",
    parentDeathSignal: oneOf(
      "launch.parentDeathSignal",
      launch.parentDeathSignal,
      ["SIGTERM", "SIGKILL", false, undefined],
      undefined,
    ),
    checksums: parseChecksums(launch.checksum),
    launcher: pieLauncher(parseSettings(launch)),
  });
}

function parseSettings({ mode, version, names, form, maxMessageBytes }: PieLaunch): PieSettings {
  checkKeys("launch.form", form, ["fieldNames", "integers64", "enums"]);
  return Object.freeze({
    mode: oneOf("launch.mode", mode, ["provider", "consumer"], "provider"),
    ...(version !== undefined && { version: wholeNumber("launch.version", version, 0, 0, 2 ** 31 - 1) }),
    ...(names !== undefined && { names: parseNames(names) }),
    form: Object.freeze({
      fieldNames: oneOf("launch.form.fieldNames", form?.fieldNames, ["json", "proto"], "json"),
      integers64: oneOf("launch.form.integers64", form?.integers64, ["number", "string"], "number"),
      enums: oneOf("launch.form.enums", form?.enums, ["number", "name"], "number"),
    }),
    maxMessageBytes: wholeNumber("launch.maxMessageBytes", maxMessageBytes, 64 * 1024 * 1024, 64, 2 ** 29 - 1),
  });
}

function parseNames(names: unknown): JsonRpcNames {
  const given = checkKeys("launch.names", names);
  for (const [key, name] of Object.entries(given)) {
    if (typeof name !== "string" || name === "") {
      throw invalidOption(
        `launch.names[${describe(key)}]`,
        `it must be a text that is not empty, not ${describe(name)}`,
      );
    }
  }
  return Object.freeze({ ...given }) as JsonRpcNames;
}
