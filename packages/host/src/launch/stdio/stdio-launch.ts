import { parseChecksums } from "../checksum.js";
import { checkKeys, oneOf } from "../../options/check.js";
import { createParsedLaunch, type ParsedLaunch } from "../parsed-launch.js";
import { parseCommand, parseSurroundings, type ProcessLaunch } from "../process-launch.js";
import { stdioLauncher } from "./stdio-launcher.js";

/**
 * How to start a plugin as a child process that is reached by its standard input and output, and opens no socket. Plain data: it can
 * come from a manifest. The plugin has to know `TENON_TRANSPORT`; those made with go-plugin do not. See docs/protocol/stdio.md.
 */
export interface StdioLaunch
  extends Pick<ProcessLaunch, "env" | "inheritEnv" | "cwd" | "parentDeathSignal" | "checksum"> {
  /** The command and its arguments, as in `ProcessLaunch.process`. */
  readonly stdio: readonly [command: string, ...args: string[]];
}

const launchKeys = [
  "stdio",
  "env",
  "inheritEnv",
  "cwd",
  "parentDeathSignal",
  "checksum",
] as const satisfies readonly (keyof StdioLaunch)[];

/** Checks a launch. @throws TenonError `option-invalid`, naming the key; `checksum-missing` */
export function parseStdioLaunch(launch: StdioLaunch): ParsedLaunch {
  checkKeys("launch", launch, launchKeys);
  return createParsedLaunch({
    command: parseCommand("launch.stdio", launch.stdio),
    ...parseSurroundings(launch),
    transport: "stdio",
    // It is no lifeline: bytes come from it, and its end means what the end of a connection means.
    stdin: "ignore",
    parentDeathSignal: oneOf(
      "launch.parentDeathSignal",
      launch.parentDeathSignal,
      ["SIGTERM", "SIGKILL", false, undefined],
      undefined,
    ),
    checksums: parseChecksums(launch.checksum),
    launcher: stdioLauncher(),
  });
}
