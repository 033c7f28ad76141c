import type { Duplex } from "node:stream";
import { isTenonError, TenonError } from "@tenon/core";
import { writeFully } from "../log/fd-writer.js";
import { createLogger, type Logger } from "../log/logger.js";
import { checkNumber } from "../serve/serve-options.js";
import { isMainModule } from "./main-module.js";
import { reportCrashes } from "./process-events.js";
import { redirectOutput } from "./redirection.js";
import { takeStandardStreams } from "./stdio-transport.js";

/** What a process that speaks JSON-RPC is run with. */
export interface PieProcessOptions {
  /** Takes all records of this process. Default: a logger on standard error. */
  readonly logger?: Logger;
  /** Whether this process is the plugin's. Default: whether it was started with the file of `meta`. */
  readonly main?: boolean;
  /**
   * How long, in milliseconds, what is under way may go on when the host has ended its side or asks for the end. Default 500: pie's hosts
   * kill a plugin after 1000.
   */
  readonly drainTimeoutMs?: number;
}

const flushTimeoutMs = 500;

/** This process, once it is the plugin's. */
export interface PieProcess {
  /** Standard input and output. */
  readonly stream: Duplex;
  readonly logger: Logger;
  readonly drainTimeoutMs: number;
  /** Calls `close`, once, with a sentence when a signal asks for the end. */
  onSignal(close: (why: string) => void): void;
  /** Ends the process when everything written has left it. */
  exit(exitCode: number): Promise<never>;
  /** Ends the process with exit code 1 after one record. */
  fail(error: unknown): never;
}

/**
 * Makes this process the plugin's: what its code prints goes to standard error from now on. Undefined where `meta` is not of the file
 * that the process was started with.
 */
export function takePieProcess(name: string, meta: ImportMeta, options: PieProcessOptions): PieProcess | undefined {
  const { main, drainTimeoutMs = 500, logger = createLogger({ name }) } = options;
  checkNumber("drainTimeoutMs", drainTimeoutMs);
  if (!(main ?? isMainModule(meta))) return undefined;
  const redirection = redirectOutput();
  redirection.logger = logger;
  redirection.attach({
    writeStdout: (chunk) => void writeFully(2, chunk, flushTimeoutMs),
    takeUnread: () => Buffer.alloc(0),
  });
  reportCrashes(logger);
  const stream = openStreams(name);
  return {
    stream,
    logger,
    drainTimeoutMs,
    onSignal(close) {
      let isClosing = false;
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.on(signal, () => {
          if (isClosing) return;
          isClosing = true;
          close(`got ${signal}`);
        });
      }
    },
    async exit(exitCode) {
      await written(stream);
      await redirection.flushStderr(flushTimeoutMs);
      process.exit(process.exitCode ?? exitCode);
    },
    fail(error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.error(message, isTenonError(error) ? { code: error.code, ...error.facts } : { error });
      process.exit(1);
    },
  };
}

/** A person who runs the plugin by hand gets a sentence, and exit code 1. */
function openStreams(name: string): Duplex {
  try {
    return takeStandardStreams(name, notByHost);
  } catch (error) {
    writeFully(2, `${error instanceof Error ? error.message : String(error)}\n`, flushTimeoutMs);
    return process.exit(1);
  }
}

function notByHost(stream: "input" | "output", plugin: string): TenonError {
  return new TenonError(
    "not-started-by-host",
    `This program is the plugin "${plugin}", which speaks JSON-RPC with its host on standard input and output; its standard ${stream} is no ` +
      "pipe. Let the application that uses the plugin start it.",
    { plugin, facts: { stream } },
  );
}

/** Resolves when the stream has handed on everything, is gone, or takes too long. */
function written(stream: Duplex): Promise<void> {
  if (stream.writableFinished || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, flushTimeoutMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stream.once("finish", done).once("close", done).once("error", done);
    stream.end();
  });
}
