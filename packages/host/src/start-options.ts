import type { Interceptor } from "@connectrpc/connect";
import { type LogLevel, logLevels, type LogRecord } from "./logs/record.js";
import {
  booleanOr,
  checkKeys,
  describe,
  durationMs,
  functionOrNothing,
  invalidOption,
  oneOf,
  signalOrNothing,
  textOrNothing,
  wholeNumber,
} from "./options/check.js";
import { defaultStopTimeouts, parseStopOptions, type StopOptions, type StopTimeouts } from "./stop/stop-options.js";

/** How an instance is started, watched and, unless told otherwise, stopped. */
export interface StartOptions {
  /** Name of the plugin in messages and records. Default: the contract's. */
  readonly name?: string;
  /** Aborting it ends the start: `start-aborted`. It has no effect on a session that is ready. */
  readonly signal?: AbortSignal;
  /** From the call to the first answer, all together. Default 60000, as go-plugin's `StartTimeout`. */
  readonly startTimeoutMs?: number;
  /**
   * How long a plugin may be absent from the address it gave, within `startTimeoutMs`. A plugin listens before it prints its
   * line, so waiting is rarely of use. Default 5000.
   */
  readonly connectTimeoutMs?: number;
  /**
   * Mutual TLS with certificates made for this start. A plugin that cannot do it is refused: `tls-missing`.
   * Default true; go-plugin's `AutoMTLS` is off by default.
   */
  readonly autoMtls?: boolean;
  /** Ports for a plugin that listens on TCP, which go-plugin's do on Windows. Default 10000 to 25000, as go-plugin. */
  readonly minPort?: number;
  readonly maxPort?: number;
  /**
   * Directory in which the plugin makes its sockets; it must exist, and is left as it is. Default: a new one for each
   * instance, below the temporary directory, that no other user can enter and that goes with the instance; with a
   * `socketGroup`, and on Windows, the plugin's own choice. Name one for a plugin that runs as another user. go-plugin: `UnixSocketConfig.TempDir`.
   */
  readonly socketDir?: string;
  /** Group that may connect to the plugin's sockets. Default: none. go-plugin: `UnixSocketConfig.Group`. */
  readonly socketGroup?: string;
  /** Connect-ES interceptors for every call of the session. Default: none. go-plugin: `GRPCDialOptions`. */
  readonly interceptors?: readonly Interceptor[];
  /** Receives the records of this instance. Default: the host's `log`. */
  readonly log?: (record: LogRecord) => void;
  /** Level of a line that names none. Default "info"; with go-plugin such lines are "debug", and so seen by nobody. */
  readonly defaultLevel?: LogLevel;
  /** A longer line, or joined trace, comes as several records. Default 65536. go-plugin: `PluginLogBufferSize`. */
  readonly maxLogLineBytes?: number;
  /** A trace is complete, and a line that may begin one is let go, when nothing follows for this long. Default 100. */
  readonly joinIdleMs?: number;
  /** Lines of standard error kept for errors and outcomes, at most 2048 characters of each. Default 20. */
  readonly maxStderrTailLines?: number;
  /** Defaults for the stop of this instance, whoever asks for it. */
  readonly stop?: Omit<StopOptions, "signal">;
}

/** {@link StartOptions}, checked, with defaults. */
export interface ParsedStartOptions {
  readonly name: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly startTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly autoMtls: boolean;
  readonly minPort: number;
  readonly maxPort: number;
  readonly socketDir: string | undefined;
  readonly socketGroup: string | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly log: ((record: LogRecord) => void) | undefined;
  readonly defaultLevel: LogLevel;
  readonly maxLogLineBytes: number;
  readonly joinIdleMs: number;
  readonly maxStderrTailLines: number;
  readonly stop: StopTimeouts;
}

const keys = [
  "name",
  "signal",
  "startTimeoutMs",
  "connectTimeoutMs",
  "autoMtls",
  "minPort",
  "maxPort",
  "socketDir",
  "socketGroup",
  "interceptors",
  "log",
  "defaultLevel",
  "maxLogLineBytes",
  "joinIdleMs",
  "maxStderrTailLines",
  "stop",
] as const satisfies readonly (keyof StartOptions)[];

/** Checks start options. @throws TenonError `option-invalid`, naming the key */
export function parseStartOptions(what: string, options: StartOptions | undefined): ParsedStartOptions {
  checkKeys(what, options, keys);
  const given: StartOptions = options ?? {};
  const path = (key: (typeof keys)[number]) => `${what}.${key}`;
  const minPort = wholeNumber(path("minPort"), given.minPort, 10_000, 0, 65_535);
  const maxPort = wholeNumber(path("maxPort"), given.maxPort, 25_000, 0, 65_535);
  if (minPort > maxPort) throw invalidOption(path("minPort"), `${minPort} is above maxPort ${maxPort}`);
  const { signal: _, ...stop } = parseStopOptions(path("stop"), given.stop, defaultStopTimeouts);
  return Object.freeze({
    name: textOrNothing(path("name"), given.name),
    signal: signalOrNothing(path("signal"), given.signal),
    startTimeoutMs: durationMs(path("startTimeoutMs"), given.startTimeoutMs, 60_000, 1),
    connectTimeoutMs: durationMs(path("connectTimeoutMs"), given.connectTimeoutMs, 5_000),
    autoMtls: booleanOr(path("autoMtls"), given.autoMtls, true),
    minPort,
    maxPort,
    socketDir: textOrNothing(path("socketDir"), given.socketDir),
    socketGroup: textOrNothing(path("socketGroup"), given.socketGroup),
    interceptors: parseInterceptors(path("interceptors"), given.interceptors),
    log: functionOrNothing(path("log"), given.log),
    defaultLevel: oneOf(path("defaultLevel"), given.defaultLevel, logLevels, "info"),
    maxLogLineBytes: wholeNumber(path("maxLogLineBytes"), given.maxLogLineBytes, 65_536, 64, 2 ** 26),
    joinIdleMs: durationMs(path("joinIdleMs"), given.joinIdleMs, 100),
    maxStderrTailLines: wholeNumber(path("maxStderrTailLines"), given.maxStderrTailLines, 20, 0, 1000),
    stop: Object.freeze(stop),
  });
}

function parseInterceptors(option: string, value: unknown): readonly Interceptor[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === "function")) {
    return Object.freeze([...(value as Interceptor[])]);
  }
  throw invalidOption(option, `it must be a list of functions, not ${describe(value)}`);
}
