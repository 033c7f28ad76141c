import type { InspectOptions } from "node:util";
import { createFdWriter } from "../log/fd-writer.js";
import type { LogLevel } from "../log/level.js";
import { createLogger, type Logger } from "../log/logger.js";
import { findWorkerStderr } from "../log/worker-stderr.js";
import { StdioBuffer } from "../services/stdio-buffer.js";

/** Loaded when something is printed: most plugins log instead. */
const util = () => process.getBuiltinModule("node:util");

/** Where redirected output comes out. */
interface OutputSink {
  writeStdout(chunk: Uint8Array): void;
  takeUnread(): Uint8Array;
}

/** The redirection of this process's output; there is one at most. */
export interface Redirection {
  /** Takes what `console` prints. */
  logger: Logger;
  /** Sends what `process.stdout` gets, and got before, to `sink`. */
  attach(sink: OutputSink): void;
  /** Resolves when everything given to `process.stderr` is written, or after `timeoutMs`. */
  flushStderr(timeoutMs: number): Promise<void>;
}

// On the global object, so that the guard, `runPlugin` and a second copy of this package find the same one.
const key = Symbol.for("tenon.plugin.redirection");

const maxEarlyBytes = 1024 * 1024;
const maxUnreadShownBytes = 4096;

/**
 * Redirects `console` to the log and `process.stdout` to the host's stdio stream, once per process. Descriptor 1 then
 * carries nothing but what is written to it directly: the handshake line. `process.stderr` stays what it is, but no longer
 * ends the process when its reader is gone. Output that no host ever read is reported in the log when the process exits.
 */
export function redirectOutput(): Redirection {
  const shared = globalThis as { [key]?: Redirection };
  return (shared[key] ??= install());
}

function install(): Redirection {
  const early = new StdioBuffer({
    maxBytes: maxEarlyBytes,
    onDropped: (bytes) =>
      redirection.logger.warn("output from before the handshake was dropped", { dropped_bytes: bytes }),
  });
  let sink: OutputSink = {
    writeStdout: (chunk) => early.write("stdout", chunk),
    takeUnread: () => Buffer.concat(early.takeAll().map(({ data }) => data)),
  };
  const stderr = watchStderr();
  const redirection: Redirection = {
    logger: createLogger(),
    attach(next) {
      const waiting = sink.takeUnread();
      sink = next;
      if (waiting.length > 0) sink.writeStdout(waiting);
    },
    flushStderr: (timeoutMs) => stderr.flush(timeoutMs),
  };
  redirectStdout((chunk) => sink.writeStdout(chunk));
  redirectConsole((level, message) => redirection.logger.log(level, message));
  process.on("exit", () => reportUnread(sink.takeUnread(), redirection.logger));
  return redirection;
}

/**
 * Replaces what the stream does with its bytes, so that every reference to it, and each way to write, is covered. Done on
 * its first use: making the stream takes 2 ms, and most plugins never touch it.
 */
function redirectStdout(write: (chunk: Uint8Array) => void): void {
  onFirstUse("stdout", (stream) => replaceWriting(stream, write));
}

function replaceWriting(stream: NodeJS.WriteStream, write: (chunk: Uint8Array) => void): void {
  Object.assign(stream, {
    _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: (error?: Error | null) => void) {
      write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
      done();
    },
    _writev: undefined,
    // Its end is not the end of the descriptor, which carries the handshake, or the channel of a host.
    _final(done: (error?: Error | null) => void) {
      done();
    },
  });
}

/** Runs `prepare` before anybody gets one of the process's streams. */
function onFirstUse(name: "stdout" | "stderr", prepare: (stream: NodeJS.WriteStream) => void): void {
  const original = Object.getOwnPropertyDescriptor(process, name);
  if (original?.get === undefined || original.configurable !== true) return prepare(process[name]);
  const read = original.get.bind(process) as () => NodeJS.WriteStream;
  let isPrepared = false;
  Object.defineProperty(process, name, {
    ...original,
    get() {
      const stream = read();
      if (!isPrepared) {
        isPrepared = true;
        prepare(stream);
      }
      return stream;
    },
  });
}

function redirectConsole(log: (level: LogLevel, message: string) => void): void {
  const at =
    (level: LogLevel) =>
    (...values: unknown[]) =>
      log(level, safeFormat(values));
  const trace = (...values: unknown[]) => {
    const holder: { name: string; message: string; stack?: string } = { name: "Trace", message: safeFormat(values) };
    Error.captureStackTrace(holder, trace);
    log("trace", holder.stack ?? holder.message);
  };
  // The other methods print through these, all but `dir`.
  const methods = {
    log: at("info"),
    info: at("info"),
    debug: at("debug"),
    warn: at("warn"),
    error: at("error"),
    trace,
    dir: (value: unknown, options?: InspectOptions) =>
      log("info", util().inspect(value, { customInspect: false, ...options })),
  };
  Object.assign(globalThis.console, methods);
}

function safeFormat(values: readonly unknown[]): string {
  try {
    return util().format(...values);
  } catch (error) {
    return `[a value that cannot be printed: ${error instanceof Error ? error.name : typeof error}]`;
  }
}

/** Makes `process.stderr` harmless on its first use; touching it earlier would make the descriptor non-blocking. */
function watchStderr(): { flush(timeoutMs: number): Promise<void> } {
  let used: NodeJS.WriteStream | undefined;
  const write = findWorkerStderr();
  onFirstUse("stderr", (stream) => {
    used = stream;
    // Node's own stream of a thread loses what its host has not read when the thread ends.
    if (write !== undefined) replaceWriting(stream, createFdWriter(2, { write }));
    stream.on("error", () => {});
  });
  return {
    async flush(timeoutMs) {
      const stream = used;
      if (stream === undefined || stream.writableLength === 0 || stream.destroyed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        stream.write("", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}

function reportUnread(unread: Uint8Array, logger: Logger): void {
  if (unread.length === 0) return;
  const output = Buffer.from(unread.subarray(0, maxUnreadShownBytes)).toString();
  logger.debug(`${unread.length} bytes of the plugin's output were not read by a host`, {
    bytes: unread.length,
    output,
  });
}
