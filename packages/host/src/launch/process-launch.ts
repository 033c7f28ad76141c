import { type FileChecksum, parseChecksums } from "./checksum.js";
import type { Launcher } from "./launcher.js";
import { checkKeys, describe, invalidOption, oneOf, textOrNothing } from "../options/check.js";
import { createParsedLaunch, type ParsedLaunch } from "./parsed-launch.js";

/** How to start a plugin as a child process. Plain data: it can come from a manifest. */
export interface ProcessLaunch {
  /**
   * The command and its arguments; no shell is involved. A bare name is looked up in the `PATH` that the plugin gets
   * (in the host's own where it gets none); a name with a slash starts from `cwd`. go-plugin: `ClientConfig.Cmd`.
   */
  readonly process: readonly [command: string, ...args: string[]];
  /**
   * Variables for this plugin; they win over inherited ones (with go-plugin the host's win). `undefined` removes an
   * inherited one. The variables of the handshake and the cookie win over all; values given here for them are ignored.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * What the plugin inherits of the host's environment: all of it (`true`), nothing (`false`), or the variables named.
   * Never inherited: the handshake's variables, the cookie, and what attaches an inspector. Default `true`, as go-plugin
   * (`SkipHostEnv`). On Windows `SystemRoot` is inherited always.
   */
  readonly inheritEnv?: boolean | readonly string[];
  /** Working directory. Default: the host's. */
  readonly cwd?: string;
  /**
   * Standard input of the plugin. `"lifeline"`: a pipe that the host holds open and never writes to, so that its end tells
   * the plugin that the host is gone. `"inherit"`: the host's own, as go-plugin does. `"ignore"`: empty. Default `"lifeline"`.
   */
  readonly stdin?: "lifeline" | "inherit" | "ignore";
  /**
   * Signal that the Linux kernel itself sends to the plugin when the host's main thread ends, however it ends; `false` for none.
   * Works where `setpriv` of util-linux is found and the host runs on the main thread; elsewhere it is silently absent.
   * It reaches the process started, not its children, even where the host's janitor was killed together with it. `"SIGKILL"`
   * cannot be escaped, but leaves the plugin no time to remove its socket. It adds about a millisecond to the start. Default: none,
   * since the janitor tells the plugin; `"SIGTERM"` for a host without janitor. go-plugin: none.
   */
  readonly parentDeathSignal?: "SIGTERM" | "SIGKILL" | false;
  /**
   * Files to verify before the start, and their SHA-256. What runs is a private copy that was hashed after it was copied, so
   * nothing can be put in its place in between; see {@link FileChecksum}. Default: nothing is verified. go-plugin: `SecureConfig`.
   */
  readonly checksum?: FileChecksum | readonly FileChecksum[];
  /**
   * `"host"`: the plugin ends with its host, however that ends. `"own"`: it is to outlive its host, which then does not end it but for
   * `session.stop()`; the host that comes next attaches by `session.reattach`. Standard input is empty then and no signal is arranged
   * for. A plugin that writes to standard error when its host is gone gets SIGPIPE: Tenon's ignore that, others may need
   * standard error in a file. Default `"host"`. go-plugin: plugins live on by default.
   */
  readonly lifetime?: "host" | "own";
  /** What starts it. Default: a child process. go-plugin: `RunnerFunc`. */
  readonly launcher?: Launcher;
}

const launchKeys = [
  "process",
  "env",
  "inheritEnv",
  "cwd",
  "stdin",
  "parentDeathSignal",
  "checksum",
  "lifetime",
  "launcher",
] as const satisfies readonly (keyof ProcessLaunch)[];

/** Checks a launch. @throws TenonError `option-invalid`, naming the key; `checksum-missing` */
export function parseProcessLaunch(launch: ProcessLaunch): ParsedLaunch {
  checkKeys("launch", launch, launchKeys);
  const lifetime = oneOf("launch.lifetime", launch.lifetime, ["host", "own"], "host");
  if (lifetime === "own" && launch.stdin === "lifeline") {
    throw invalidOption("launch.stdin", 'a lifeline ends a plugin with its host, and lifetime "own" says the contrary');
  }
  if (lifetime === "own" && launch.parentDeathSignal) {
    throw invalidOption("launch.parentDeathSignal", 'lifetime "own" says that the plugin outlives its host');
  }
  return createParsedLaunch({
    command: parseCommand("launch.process", launch.process),
    ...parseSurroundings(launch),
    stdin: oneOf(
      "launch.stdin",
      launch.stdin,
      ["lifeline", "inherit", "ignore"],
      lifetime === "own" ? "ignore" : "lifeline",
    ),
    parentDeathSignal: oneOf(
      "launch.parentDeathSignal",
      launch.parentDeathSignal,
      ["SIGTERM", "SIGKILL", false, undefined],
      lifetime === "own" ? false : undefined,
    ),
    checksums: parseChecksums(launch.checksum),
    lifetime,
    launcher: parseLauncher(launch.launcher),
  });
}

/** What plugins of several kinds of launch find around them. @throws TenonError `option-invalid`, naming the key */
export function parseSurroundings(
  launch: Pick<ProcessLaunch, "env" | "inheritEnv" | "cwd">,
): Pick<ParsedLaunch, "env" | "inheritEnv" | "cwd"> {
  return {
    env: parseEnv(launch.env),
    inheritEnv: parseInheritEnv(launch.inheritEnv),
    cwd: textOrNothing("launch.cwd", launch.cwd),
  };
}

/** Checks the launcher of a launch. @throws TenonError `option-invalid` */
export function parseLauncher(value: Launcher | undefined): Launcher | undefined {
  if (value === undefined) return undefined;
  if (typeof value?.start === "function" && typeof value.name === "string" && value.capabilities) return value;
  throw invalidOption(
    "launch.launcher",
    `it must be an object with name, capabilities and start, not ${describe(value)}`,
  );
}

/** Checks a command with its arguments. @throws TenonError `option-invalid`, naming the part */
export function parseCommand(option: string, value: unknown): readonly [string, ...string[]] {
  if (!Array.isArray(value) || value.length === 0) {
    throw invalidOption(option, "it must be a list that starts with the command");
  }
  value.forEach((part: unknown, index) => {
    if (typeof part !== "string" || part.includes("\0") || (index === 0 && part === "")) {
      throw invalidOption(`${option}[${index}]`, `it must be a text without NUL, not ${describe(part)}`);
    }
  });
  return Object.freeze([...value]) as unknown as readonly [string, ...string[]];
}

function parseEnv(value: unknown): Readonly<Record<string, string | undefined>> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidOption("launch.env", `it must be an object of texts, not ${describe(value)}`);
  }
  for (const [name, text] of Object.entries(value)) {
    if (name === "" || /[=\0]/.test(name)) {
      throw invalidOption(`launch.env[${describe(name)}]`, "this cannot name an environment variable");
    }
    if (text !== undefined && (typeof text !== "string" || text.includes("\0"))) {
      throw invalidOption(`launch.env.${name}`, `it must be a text without NUL or undefined, not ${describe(text)}`);
    }
  }
  return Object.freeze({ ...value });
}

function parseInheritEnv(value: unknown): boolean | readonly string[] {
  if (value === undefined) return true;
  if (typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return Object.freeze([...value]);
  throw invalidOption("launch.inheritEnv", `it must be true, false or a list of names, not ${describe(value)}`);
}
