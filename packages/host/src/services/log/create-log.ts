import type { ServiceImpl } from "@connectrpc/connect";
import type { Log } from "@tenon/core/host-services";
import { type LogLevel, logLevels, type LogRecord } from "../../logs/record.js";
import { checkKeys, describe, invalidOption, oneOf, wholeNumber } from "../../options/check.js";
import type { PluginIdentity } from "../plugin-identity.js";
import { type LogServiceCounts, PluginLog } from "./plugin-log.js";
import { logService } from "./log-service.js";

/** Options of {@link createLog}. */
export interface LogOptions {
  /** Receives every record, for instance what `createHost({ log })` is given. What it throws is counted and goes no further. */
  readonly sink: (record: LogRecord) => void;
  /** Records below it are left out and counted. Default: `trace`, so none is. */
  readonly level?: LogLevel;
  /** The most records per second of one plugin; one second's worth may come at once. Default 10000. More are dropped and counted. */
  readonly maxRecordsPerSecond?: number;
  /** The most entries of one write. Default 1000. More are dropped and counted. */
  readonly maxEntries?: number;
  /** The longest message, in bytes of UTF-8. Default 65536. A longer one is cut, with its length in the field `messageBytes`. */
  readonly maxMessageBytes?: number;
  /** The longest `fields_json`. Default 65536. Longer ones are left out, with their length in the field `fieldsBytes`. */
  readonly maxFieldsBytes?: number;
}

/** Records of plugins, on their way into the host's log. */
export interface LogService {
  /** The service of one plugin, for `hostServices: { log: log.for }`. */
  readonly for: (plugin: PluginIdentity) => ServiceImpl<typeof Log>;
  /** Sets the level from now on, of one plugin or of all that have none of their own. */
  setLevel(level: LogLevel, plugin?: string): void;
  /** What became of a plugin's entries so far, all its instances together. */
  counts(plugin: string): LogServiceCounts;
}

/**
 * Creates the service `tenon.host.v1.Log`, whose records have the source `service`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createLog(options: LogOptions): LogService {
  checkKeys("options", options, keys);
  if (typeof options?.sink !== "function") {
    throw invalidOption("options.sink", `it must be a function, not ${describe(options?.sink)}`);
  }
  const { sink } = options;
  const settings = {
    sink,
    maxRecordsPerSecond: wholeNumber("options.maxRecordsPerSecond", options.maxRecordsPerSecond, 10_000, 1, 10_000_000),
    maxEntries: wholeNumber("options.maxEntries", options.maxEntries, 1000, 1, 1_000_000),
    maxMessageBytes: wholeNumber("options.maxMessageBytes", options.maxMessageBytes, 65_536, 16, 2 ** 26),
    maxFieldsBytes: wholeNumber("options.maxFieldsBytes", options.maxFieldsBytes, 65_536, 16, 2 ** 26),
  };
  let level = oneOf("options.level", options.level, logLevels, "trace");
  const levels = new Map<string, LogLevel>();
  const logs = new Map<string, PluginLog>();
  const logOf = (plugin: string): PluginLog => {
    const known = logs.get(plugin);
    if (known !== undefined) return known;
    const made = new PluginLog(plugin, settings, () => levels.get(plugin) ?? level);
    logs.set(plugin, made);
    return made;
  };
  return {
    for: ({ name, instance }) => logService(logOf(name), instance),
    setLevel(wanted, plugin) {
      const checked = oneOf("level", wanted, logLevels, "trace");
      if (plugin === undefined) level = checked;
      else levels.set(plugin, checked);
    },
    counts: (plugin) => logOf(plugin).counts(),
  };
}

const keys = [
  "sink",
  "level",
  "maxRecordsPerSecond",
  "maxEntries",
  "maxMessageBytes",
  "maxFieldsBytes",
] as const satisfies readonly (keyof LogOptions)[];
