import type { Duplex, Readable } from "node:stream";
import type { ConnectError, Transport } from "@connectrpc/connect";
import type { Contract } from "@tenon/core";
import type { Channel } from "@tenon/wire";
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
   * What stands between the plugin and the host: nothing (`none`), a heap of its own in the same process (`thread`), a process of
   * the same user (`process`), a sandbox on the same kernel (`sandbox`), or another machine, virtual or real (`machine`). It says
   * what the launcher tries, not what it proves.
   */
  readonly isolation: "none" | "thread" | "process" | "sandbox" | "machine";
  /** Whether streaming methods can be called. Default true. */
  readonly streams?: boolean;
  /** Whether the plugin can call the services of its host. Default true. */
  readonly hostServices?: boolean;
  /** Whether an instance can take new code while it runs, by `session.reload`. Default false. */
  readonly reload?: boolean;
}

/** What a launcher is given: the command as the launch names it, and what the plugin has to be told. */
export interface LaunchRequest {
  /** Name of the plugin and id of the instance, for messages. */
  readonly plugin: string;
  readonly instance: string;
  /** Name of the host, as its calls tell it to the plugin. */
  readonly host: string;
  /** What the host wants of the plugin: services by version. */
  readonly contract: Contract;
  /**
   * Command and arguments; empty where the launch has no `process`. A launcher may see in them what it likes, the command inside
   * an image for instance.
   */
  readonly command: readonly string[];
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
  /**
   * The services of the host that this instance may call, for a launcher that hands out a channel of its own; everywhere else they
   * ride on the broker. Undefined where there are none.
   */
  readonly hostServices: Transport | undefined;
  /**
   * Says why an instance that has gone has gone, for the causes of calls that fail with it on a channel of the launcher's own. It
   * waits a moment for the end of the instance.
   */
  explainLoss(): Promise<Error>;
}

/** What the host needs of a channel to an instance. @tenon/wire's `createChannel` gives one; a launcher may make its own. */
export type InstanceChannel = Pick<Channel, "transport" | "closed" | "ping" | "destroy"> &
  Partial<Pick<Channel, "inFlight">>;

/** How the host reaches an instance that prints no handshake line. */
export type Reach =
  /**
   * gRPC on a connected byte stream, which the host owns from now on. With `multiplex` it carries yamux, whose first stream is the
   * channel, and brokered channels are possible.
   */
  | { readonly kind: "stream"; readonly stream: Duplex; readonly version: number; readonly multiplex: boolean }
  /** A channel of the launcher's own, without bytes maybe. What it does not serve it answers with `Unimplemented`. */
  | { readonly kind: "channel"; readonly channel: InstanceChannel; readonly version: number };

/** A running instance, as a launcher hands it over. The host ends it and releases it. */
export interface LaunchedInstance {
  /**
   * Id of the process on this machine whose end is the end of the instance. Undefined for an instance that lives inside this
   * process: the host then arranges nothing for the end of a process.
   */
  readonly pid?: number | undefined;
  /** File that was run, where there is one: a failed start looks at it for the reason. */
  readonly file?: string;
  /**
   * The plugin's standard output, which the host reads to its end. Without `reach` its first line is the handshake, and there has to
   * be one; with `reach` every line is a log record.
   */
  readonly stdout?: Readable | undefined;
  readonly stderr?: Readable | undefined;
  /**
   * How it is reached, now or in a while: what the promise rejects with is why the start failed, `launcher-failed` unless it is a
   * `TenonError`. Default: as its handshake line says.
   */
  readonly reach?: Reach | Promise<Reach>;
  /** With `reach`: the beginning of what it printed in place of a handshake, for the error of a failed start. Default: nothing. */
  firstOutput?(): string;
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
  /**
   * Whether the instance works so hard that it answers nobody, asked without its help: since how many milliseconds its event loop has not
   * turned. Undefined while it rests, and where nobody can tell. What is busy is not dead, however long a ping of it takes.
   */
  busy?(): { readonly busyMs: number } | undefined;
  /** Takes new code: calls that come from now on run on it, those in flight end on the old one. Where `capabilities.reload`. */
  reload?(signal: AbortSignal | undefined): Promise<void>;
  /**
   * Why no call may begin on the session any more, while those in flight go on; undefined while calls may begin. Calls fail with it unsent.
   * Default: they may.
   */
  leaving?(): ConnectError | undefined;
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
