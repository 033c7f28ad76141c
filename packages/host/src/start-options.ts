import type { ConnectionOptions } from "node:tls";
import type { Interceptor } from "@connectrpc/connect";
import type { ContractServices } from "@tenon/core";
import { type HostServices, type ParsedHostServices, parseHostServices } from "./host-services/options.js";
import type { ByteSink } from "./logs/byte-sink.js";
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
import { type ChannelSettings, parseChannelSettings } from "./session/channel-settings.js";
import { parseTlsSettings, type TlsSettings } from "./session/tls-settings.js";
import { defaultStopTimeouts, parseStopOptions, type StopOptions, type StopTimeouts } from "./stop/stop-options.js";

/** How an instance is started, watched and, unless told otherwise, stopped. */
export interface StartOptions<H extends ContractServices = ContractServices> {
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
  /** Sent with every call that does not set the same key itself. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * What the plugin may call of its host: implementations of the `hostServices` of its contract, by name, or functions that make one for each
   * instance. What is not there is not granted: `PermissionDenied`. Default: none. go-plugin: by hand, with the broker.
   */
  readonly hostServices?: HostServices<H>;
  /**
   * How many calls may be open one within the other, host and plugin in turn; one more fails with `ResourceExhausted`. Default 128.
   * go-plugin: no limit.
   */
  readonly maxCallDepth?: number;
  /** Message limits, deadline and keepalive of the session's channel. Default: those of @tenon/wire. go-plugin: `GRPCDialOptions`. */
  readonly channel?: ChannelSettings;
  /**
   * TLS with certificates of your own instead of `autoMtls`, which must not be true then. The plugin is given its part by other
   * means (`tls` of `servePlugin` and `runPlugin`). go-plugin: `TLSConfig`.
   */
  readonly tls?: TlsSettings;
  /**
   * Whether one connection carries everything, brokered channels too, for plugins to which no further socket can be opened. `true`
   * refuses a plugin that cannot: `multiplex-unsupported`; `"prefer"` does without. Default false. go-plugin: `GRPCBrokerMultiplex`.
   */
  readonly multiplex?: boolean | "prefer";
  /**
   * How long a dial through the broker may take that names no `timeoutMs`, and how long what the plugin announced is kept that
   * nobody dials. Default 5000, as go-plugin.
   */
  readonly brokerTimeoutMs?: number;
  /** Gets a copy of the plugin's standard error, byte for byte. Default: none. go-plugin: `Stderr`. */
  readonly stderr?: ByteSink;
  /** Gets what the plugin's code prints to standard output, by GRPCStdio, byte for byte. Default: none. go-plugin: `SyncStdout`. */
  readonly syncStdout?: ByteSink;
  /** The same for standard error. Default: none. go-plugin: `SyncStderr`. */
  readonly syncStderr?: ByteSink;
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
  readonly hostServices: ParsedHostServices;
  readonly maxCallDepth: number;
  readonly channel: ChannelSettings;
  readonly tls: ConnectionOptions | undefined;
  readonly multiplex: boolean | "prefer";
  readonly brokerTimeoutMs: number;
  readonly stderr: ByteSink | undefined;
  readonly syncStdout: ByteSink | undefined;
  readonly syncStderr: ByteSink | undefined;
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
  "metadata",
  "hostServices",
  "maxCallDepth",
  "channel",
  "tls",
  "multiplex",
  "brokerTimeoutMs",
  "stderr",
  "syncStdout",
  "syncStderr",
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
  const tls = parseTlsSettings(path("tls"), given.tls);
  if (tls !== undefined && given.autoMtls === true) {
    throw invalidOption(path("autoMtls"), "it makes certificates by itself, and tls brings others; choose one");
  }
  return Object.freeze({
    name: textOrNothing(path("name"), given.name),
    signal: signalOrNothing(path("signal"), given.signal),
    startTimeoutMs: durationMs(path("startTimeoutMs"), given.startTimeoutMs, 60_000, 1),
    connectTimeoutMs: durationMs(path("connectTimeoutMs"), given.connectTimeoutMs, 5_000),
    autoMtls: booleanOr(path("autoMtls"), given.autoMtls, tls === undefined),
    minPort,
    maxPort,
    socketDir: textOrNothing(path("socketDir"), given.socketDir),
    socketGroup: textOrNothing(path("socketGroup"), given.socketGroup),
    interceptors: [
      ...parseInterceptors(path("interceptors"), given.interceptors),
      ...parseMetadata(path("metadata"), given.metadata),
    ],
    hostServices: parseHostServices(path("hostServices"), given.hostServices),
    maxCallDepth: wholeNumber(path("maxCallDepth"), given.maxCallDepth, 128, 1, 10_000),
    channel: parseChannelSettings(path("channel"), given.channel),
    tls,
    stderr: parseSink(path("stderr"), given.stderr),
    syncStdout: parseSink(path("syncStdout"), given.syncStdout),
    syncStderr: parseSink(path("syncStderr"), given.syncStderr),
    multiplex: oneOf(path("multiplex"), given.multiplex, [true, false, "prefer"], false),
    brokerTimeoutMs: durationMs(path("brokerTimeoutMs"), given.brokerTimeoutMs, 5_000),
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

function parseMetadata(option: string, value: unknown): Interceptor[] {
  if (value === undefined) return [];
  const entries = Object.entries(checkKeys(option, value));
  for (const [key, text] of entries) {
    if (typeof text !== "string") throw invalidOption(`${option}.${key}`, `it must be a text, not ${describe(text)}`);
  }
  let fields: [string, string][];
  try {
    fields = [...new Headers(entries as [string, string][])];
  } catch (error) {
    throw invalidOption(option, `it cannot be sent: ${error instanceof Error ? error.message : String(error)}`);
  }
  const add: Interceptor = (next) => (request) => {
    for (const [key, text] of fields) if (!request.header.has(key)) request.header.set(key, text);
    return next(request);
  };
  return [add];
}

function parseSink(option: string, value: ByteSink | undefined): ByteSink | undefined {
  if (value === undefined || typeof value?.write === "function") return value;
  throw invalidOption(option, `it must be a stream or an object with write, not ${describe(value)}`);
}
