import type { FileChecksum } from "./checksum.js";
import type { Launcher } from "./launcher.js";

/** How the two ends of a launch find each other: what the environment of the plugin says. */
type LaunchTransport =
  /** A socket, whose address the handshake line names. */
  | "socket"
  /** Standard input and output of the plugin. */
  | "stdio"
  /** A MessagePort. */
  | "port"
  /** Nothing that a plugin could read in an environment. */
  | "none";

/** A checked, frozen launch of any kind, with its defaults filled in. */
export interface ParsedLaunch {
  /** Command and arguments; empty where the launch has none. */
  readonly command: readonly string[];
  /** What runs, for messages: the command, or the file. */
  readonly label: readonly string[];
  readonly transport: LaunchTransport;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inheritEnv: boolean | readonly string[];
  readonly cwd: string | undefined;
  readonly stdin: "lifeline" | "inherit" | "ignore";
  /** Undefined: what fits the host. */
  readonly parentDeathSignal: "SIGTERM" | "SIGKILL" | false | undefined;
  readonly checksums: readonly FileChecksum[];
  readonly lifetime: "host" | "own";
  /** Whether messages that do not leave the process are copied all the same. */
  readonly copiesMessages: boolean;
  /** Undefined: a child process. */
  readonly launcher: Launcher | undefined;
}

/** Fills in what a kind of launch has no use for, or no other value of. */
export function createParsedLaunch(init: Partial<ParsedLaunch>): ParsedLaunch {
  const command = Object.freeze([...(init.command ?? [])]);
  return Object.freeze({
    label: command,
    transport: "socket",
    env: {},
    inheritEnv: true,
    cwd: undefined,
    stdin: "lifeline",
    parentDeathSignal: undefined,
    checksums: [],
    lifetime: "host",
    copiesMessages: false,
    launcher: undefined,
    ...init,
    command,
  } as const satisfies ParsedLaunch);
}
