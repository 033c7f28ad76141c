import type { HandlerContext } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { callFields } from "./call-fields.js";
import { createFdWriter } from "./fd-writer.js";
import { isLogLevel, type LogLevel, passesLevel } from "./level.js";
import { formatRecord } from "./record.js";
import { isWanted, type LogTap, withTaps } from "./tap.js";
import { createTimestamps } from "./timestamp.js";
import { findWorkerStderr } from "./worker-stderr.js";

/** Any number of named values that go with a record. Names that hclog keeps for itself are renamed, not lost. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Becomes `@module`: dotted, as in `kv.store`. Default: none. */
  readonly name?: string;
  /** The lowest level written. Default: `trace`, as go-plugin's own logger; hosts filter. */
  readonly level?: LogLevel;
  /** Fields of every record. Default: none. */
  readonly fields?: LogFields;
  /** Takes each line, line break included. Default: descriptor 2 of the process, or the host of a thread, before it returns. */
  readonly write?: (line: string) => void;
}

/** What a child logger is for. */
export interface LoggerPart {
  readonly name?: string;
  readonly fields?: LogFields;
  /**
   * The call that is handled: its id and the id of its trace go with each record, as `call_id` and `trace_id`. They are looked up with the
   * first record that is written, so that calls that log nothing cost nothing.
   */
  readonly call?: HandlerContext;
}

/** Writes log records that Go hosts and Tenon hosts understand. None of its methods throws, whatever it is given. */
export interface Logger {
  readonly name: string | undefined;
  readonly level: LogLevel;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Writes at a level that is known only at run time. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** Whether records of this level are written; for messages that are dear to make. */
  isEnabled(level: LogLevel): boolean;
  /** A logger for a part: its name is appended after a dot, its fields are added to this logger's own. */
  child(part: LoggerPart): Logger;
}

/**
 * Makes a logger that writes hclog's JSON, one record a line, each below 64 KiB. go-plugin: the logger that `hclog.New`
 * returns with `JSONFormat`. It may be used before, without and after {@link runPlugin}.
 *
 * @throws {@link TenonError} `option-invalid` when `level` is none of the five
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { name, level = "trace", fields } = options;
  if (!isLogLevel(level)) {
    throw new TenonError(
      "option-invalid",
      `The log level ${JSON.stringify(level)} must be trace, debug, info, warn or error.`,
    );
  }
  // Made with the first record, which comes behind the handshake line: the steady clock loads a module of Node for 0.7 ms.
  let next: (() => string) | undefined;
  const timestamp = () => (next ??= createTimestamps())();
  const write = options.write ?? createStderrWriter(name, timestamp);
  const emit: Emit = (recordLevel, message, module, all) => {
    write(formatRecord({ level: recordLevel, message, module, timestamp: timestamp(), fields: all }));
  };
  return makeLogger(name, level, () => fields, { emit, taps: new Set() });
}

type Emit = (level: LogLevel, message: string, module: string | undefined, fields: LogFields | undefined) => void;

/** Where the records of a logger and its children go. */
interface Outlets {
  readonly emit: Emit;
  readonly taps: Set<LogTap>;
}

/** The fields of a logger itself. */
type OwnFields = () => LogFields | undefined;

function makeLogger(name: string | undefined, level: LogLevel, own: OwnFields, outlets: Outlets): Logger {
  const { emit, taps } = outlets;
  const log = (recordLevel: LogLevel, message: string, fields?: LogFields) => {
    const known = isLogLevel(recordLevel) ? recordLevel : "info";
    const isWritten = passesLevel(known, level);
    if (!isWritten && !isWanted(taps, known)) return;
    const all = merge(own(), fields);
    if (isWritten) emit(known, message, name, all);
    for (const tap of taps) if (tap.wants(known)) tap.take({ level: known, message, module: name, fields: all });
  };
  const logger: Logger = {
    name,
    level,
    trace: (message, fields) => log("trace", message, fields),
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
    log,
    isEnabled: (recordLevel) => passesLevel(recordLevel, level) || isWanted(taps, recordLevel),
    child: (part) => makeLogger(join(name, part.name), level, addFields(own, part), outlets),
  };
  return withTaps(logger, taps);
}

function createStderrWriter(name: string | undefined, timestamp: () => string): (line: string) => void {
  const ring = findWorkerStderr();
  const write = createFdWriter(2, {
    ...(ring && { write: ring }),
    onRecovered: (dropped) => {
      const message = `${dropped} log records were dropped while nobody read the plugin's standard error`;
      write(formatRecord({ level: "warn", message, module: name, timestamp: timestamp(), fields: { dropped } }));
    },
  });
  return write;
}

function addFields(own: OwnFields, { fields, call }: LoggerPart): OwnFields {
  if (call === undefined) {
    const all = merge(own(), fields);
    return () => all;
  }
  let all: LogFields | undefined;
  return () => (all ??= merge(merge(own(), callFields(call)), fields));
}

function merge(own: LogFields | undefined, fields: LogFields | undefined): LogFields | undefined {
  if (own === undefined || fields === undefined) return fields ?? own;
  try {
    return { ...own, ...fields };
  } catch {
    return { ...own, fields };
  }
}

function join(name: string | undefined, part: string | undefined): string | undefined {
  return name === undefined || part === undefined ? (part ?? name) : `${name}.${part}`;
}
