/** Levels of a log record, least urgent first. They are hclog's, which every go-plugin plugin writes. */
export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/**
 * Where a record came from: the plugin's real standard error, its real standard output after the handshake line,
 * the GRPCStdio stream (what its code printed), the host service `Log`, the link of a plugin that dialled in, or this library speaking
 * about the instance.
 */
export type LogSource = "stderr" | "stdout" | "stdio" | "service" | "bind" | "host";

/** Place of a record that holds one piece of a line or dump longer than the limit. */
export interface LogPart {
  /** 0 for the first piece. Pieces of one line arrive in order, with no other record of that stream in between. */
  readonly index: number;
  /** Whether this piece is the last one. */
  readonly last: boolean;
}

/** One thing a plugin said, or that the host says about it. `plugin`, `instance` and `source` are set by the host alone. */
export interface LogRecord {
  /** The plugin's own timestamp where it gave a readable one, else the moment the host made the record. */
  readonly time: Date;
  readonly level: LogLevel;
  /** Text as the plugin wrote it. It may hold control characters: escape it before it reaches a terminal. */
  readonly message: string;
  /** Name of the plugin: `StartOptions.name`, else the contract's name. */
  readonly plugin: string;
  /** Id of the instance, equal to `Session.id`. */
  readonly instance: string;
  readonly source: LogSource;
  /** The plugin's logger name (`@module`, pino's `name`), where it gave one. */
  readonly module?: string;
  /** `file:line` of the call that logged (`@caller`, `caller`), where the plugin gave one. */
  readonly caller?: string;
  /** Id of the call of the host during which it was said, where the plugin gave one with it. */
  readonly callId?: string;
  /** Id of the trace that it belongs to, where a plugin that dialled in gave one. */
  readonly traceId?: string;
  /** Number of the record among those of its instance, from 1, where a plugin that dialled in sent it. */
  readonly sequence?: number;
  /** Every other key of a JSON line, as parsed. A key named `__proto__` is renamed `_proto_`. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Set when the text is one piece of something longer than `maxLogLineBytes`. */
  readonly partial?: LogPart;
}

/** What a parser of one line found; the pipeline adds who said it. */
export interface ParsedLine {
  readonly time?: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly module?: string;
  readonly caller?: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly partial?: LogPart;
}

/** The fields of a record that has none. */
export const noFields: Readonly<Record<string, unknown>> = Object.freeze({});
