import { type ByteSink, createTee, type Tee } from "./byte-sink.js";
import { parseJsonLine } from "./json-line.js";
import { levelOfText } from "./levels.js";
import { createLineSplitter } from "./line-splitter.js";
import { type LogLevel, type LogRecord, type LogSource, noFields, type ParsedLine } from "./record.js";
import { createTail } from "./tail.js";
import { createTraceJoiner } from "./trace-joiner.js";

/** How an instance's output becomes records. */
export interface InstanceLogOptions {
  readonly plugin: string;
  readonly instance: string;
  /** Receives every record. A throw from it is counted and goes no further. */
  readonly sink: ((record: LogRecord) => void) | undefined;
  readonly defaultLevel: LogLevel;
  readonly maxLineBytes: number;
  readonly joinIdleMs: number;
  readonly tailLines: number;
  /** Streams of the application that get bytes as they come. */
  readonly sinks?: {
    readonly stderr: ByteSink | undefined;
    readonly syncStdout: ByteSink | undefined;
    readonly syncStderr: ByteSink | undefined;
  };
}

/** Counts of an instance's output, for whoever must account for every line. */
export interface LogCounts {
  /** Records handed to the sink. */
  readonly records: number;
  /** Records whose sink threw: they may be lost. */
  readonly sinkErrors: number;
  /** Bytes read from the plugin's real standard output after its handshake line. */
  readonly stdoutBytes: number;
  /** Bytes read from the plugin's standard error. */
  readonly stderrBytes: number;
}

/** One byte stream of the plugin on its way into the log. */
interface LogStream {
  write(chunk: Uint8Array): void;
  /** Hands out what is held back. Nothing may be written afterwards. */
  end(): void;
}

/** Everything one instance says, as records. */
export interface InstanceLog {
  readonly stderr: LogStream;
  readonly stdout: LogStream;
  /** Opens a stream for one channel of GRPCStdio. */
  openStdio(channel: "stdout" | "stderr"): LogStream;
  /** Writes a record of the host's own about the instance. */
  note(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The last lines of standard error, raw, oldest first. */
  stderrTail(): readonly string[];
  counts(): LogCounts;
}

/** Creates the log of one instance. Without a sink only the tail and the counts are kept. */
export function createInstanceLog(options: InstanceLogOptions): InstanceLog {
  const { plugin, instance, sink, defaultLevel } = options;
  const tail = createTail(options.tailLines);
  let records = 0;
  let sinkErrors = 0;
  let stdoutBytes = 0;
  let stderrBytes = 0;

  const emit = (source: LogSource, line: ParsedLine): void => {
    if (sink === undefined) return;
    records++;
    try {
      sink(createRecord(line, plugin, instance, source));
    } catch {
      sinkErrors++;
    }
  };

  const openStream = (
    source: LogSource,
    fields: Readonly<Record<string, unknown>>,
    onLine?: (line: string) => void,
  ): LogStream => {
    const joiner = createTraceJoiner({
      idleMs: options.joinIdleMs,
      maxLength: options.maxLineBytes,
      emit: (message, isTrace, partial) => {
        if (message.trim() === "" && partial === undefined) return;
        const level = isTrace ? "error" : (levelOfText(message) ?? defaultLevel);
        emit(source, { level, message, fields, ...(partial && { partial }) });
      },
    });
    const splitter = createLineSplitter(options.maxLineBytes, (line, partial) => {
      onLine?.(line);
      if (sink === undefined) return;
      if (partial !== undefined) {
        joiner.flush();
        emit(source, { level: defaultLevel, message: line, fields, partial });
        return;
      }
      const parsed = parseJsonLine(line);
      if (parsed !== undefined) {
        joiner.flush();
        emit(source, fields === noFields ? parsed : { ...parsed, fields: { ...parsed.fields, ...fields } });
        return;
      }
      // A line with a level of its own is no part of a dump, though a stack trace may follow it.
      if (levelOfText(line) !== undefined) joiner.flush();
      joiner.push(line);
    });
    return {
      write: (chunk) => splitter.push(chunk),
      end: () => {
        splitter.end();
        joiner.flush();
      },
    };
  };

  const note = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = noFields): void =>
    emit("host", { level, message, fields });
  const trouble = (why: string): void => note("warn", why);
  const teeStderr = createTee("standard error", options.sinks?.stderr, trouble);
  const openTee = (channel: "stdout" | "stderr"): Tee | undefined =>
    channel === "stdout"
      ? createTee("printed standard output", options.sinks?.syncStdout, trouble)
      : createTee("printed standard error", options.sinks?.syncStderr, trouble);

  const stderr = openStream("stderr", noFields, (line) => tail.push(line));
  const stdout = createLineSplitter(options.maxLineBytes, (message, partial) => {
    if (message.trim() === "" && partial === undefined) return;
    emit("stdout", { level: "debug", message, fields: noFields, ...(partial && { partial }) });
  });

  return {
    stderr: {
      write: (chunk) => {
        stderrBytes += chunk.length;
        teeStderr?.write(chunk);
        stderr.write(chunk);
      },
      end: () => {
        stderr.end();
        teeStderr?.end();
      },
    },
    stdout: {
      write: (chunk) => {
        stdoutBytes += chunk.length;
        if (sink !== undefined) stdout.push(chunk);
      },
      end: () => stdout.end(),
    },
    openStdio(channel) {
      const stream = openStream("stdio", { channel });
      const tee = openTee(channel);
      if (tee === undefined) return stream;
      return {
        write(chunk) {
          tee.write(chunk);
          stream.write(chunk);
        },
        end() {
          stream.end();
          tee.end();
        },
      };
    },
    note,
    stderrTail: () => tail.lines(),
    counts: () => ({ records, sinkErrors, stdoutBytes, stderrBytes }),
  };
}

/** Written out field by field: a spread of lines with different keys costs more than all the parsing. */
function createRecord(line: ParsedLine, plugin: string, instance: string, source: LogSource): LogRecord {
  const { level, message, fields } = line;
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
    time: line.time ?? new Date(),
    level,
    message,
    plugin,
    instance,
    source,
    fields,
  };
  if (line.module !== undefined) record.module = line.module;
  if (line.caller !== undefined) record.caller = line.caller;
  if (line.partial !== undefined) record.partial = line.partial;
  return record;
}
