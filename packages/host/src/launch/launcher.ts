import type { Readable } from "node:stream";
import type { ExitFacts } from "./exit-facts.js";

/** An address as it stands in a handshake line or in a broker's message. */
export interface NetworkAddress {
  readonly network: "unix" | "tcp";
  /** Path of a socket, or `host:port`. */
  readonly address: string;
}

/** What a launcher says of itself, before it starts anything. */
export interface LauncherCapabilities {
  /**
   * What stands between the plugin and the host: nothing but a process of the same user (`process`), a sandbox on the same
   * kernel (`sandbox`), or another machine, virtual or real (`machine`). It says what the launcher tries, not what it proves.
   */
  readonly isolation: "process" | "sandbox" | "machine";
}

/** What a launcher is given: the command as the launch names it, and what the plugin has to be told. */
export interface LaunchRequest {
  /** Name of the plugin and id of the instance, for messages. */
  readonly plugin: string;
  readonly instance: string;
  /** Command and arguments, never empty. A launcher may see in them what it likes, the command inside an image for instance. */
  readonly command: readonly [string, ...string[]];
  /**
   * The whole environment of the plugin: inherited variables, its own, the handshake's and the cookie. Without the
   * handshake's variables a plugin does not start; their values may be changed where paths differ inside.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute working directory. */
  readonly cwd: string;
  /** Directories in which a command without a slash is looked up, as in `PATH`. */
  readonly searchPath: string;
  /** What the plugin's standard input has to be; see `ProcessLaunch.stdin`. */
  readonly stdin: "lifeline" | "inherit" | "ignore";
  /** Signal for the death of the host; see `ProcessLaunch.parentDeathSignal`. */
  readonly parentDeathSignal: "SIGTERM" | "SIGKILL" | false;
  /**
   * Existing directory of the host in which the plugin is to make its sockets, equal to `PLUGIN_UNIX_SOCKET_DIR` in `env`; undefined
   * where the plugin finds a place itself.
   */
  readonly socketDir: string | undefined;
  /**
   * Directory of the host that holds the verified copies of files which `command` names, where the launch has a `checksum`. The
   * plugin must be able to read it under the same path.
   */
  readonly verifiedDir: string | undefined;
  /** Aborts when the start is given up. What `start` resolves with afterwards is killed and released. */
  readonly signal: AbortSignal;
}

/** A running instance, as a launcher hands it over. The host ends it and releases it. */
export interface LaunchedInstance {
  /** Id of the process on this machine whose end is the end of the instance. */
  readonly pid: number;
  /** File that was run, where there is one: a failed start looks at it for the reason. */
  readonly file?: string;
  /** The plugin's standard output; its first line is the handshake. The host reads it to its end. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the instance has ended. It must not reject, and not wait for the ends of `stdout` and `stderr`. */
  readonly exited: Promise<ExitFacts>;
  /**
   * Sends a signal to the instance and all it has started. False when that cannot be done. It must not throw; what has to
   * be waited for goes on in the background. After the end it does nothing.
   */
  signal(signal: "SIGTERM" | "SIGKILL" | "SIGCONT"): boolean;
  /** Frees what the launcher holds, such as pipes. Called once, when nothing more is to be read. */
  release(): void;
  /** Lets the instance run on without this host, which does not wait for it any more. Called before `release`. Default: nothing. */
  detach?(): void;
  /** Turns an address as the plugin sees it into one that the host can connect to. Default: they are the same. */
  toHost?(address: NetworkAddress): NetworkAddress;
  /** Turns an address of the host into one that the plugin can connect to, for the broker. Default: they are the same. */
  toPlugin?(address: NetworkAddress): NetworkAddress;
}

/**
 * Starts instances and says how to reach them. Whoever runs plugins in containers or on other machines writes one.
 * go-plugin: `RunnerFunc` and `runner.Runner`.
 */
export interface Launcher {
  /** For messages. */
  readonly name: string;
  readonly capabilities: LauncherCapabilities;
  /** Starts an instance. What it rejects with becomes `launcher-failed`, unless it is a `TenonError`. */
  start(request: LaunchRequest): Promise<LaunchedInstance>;
}
