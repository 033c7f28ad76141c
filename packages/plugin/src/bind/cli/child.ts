import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import {
  parseHandshakeLine,
  splitTcpAddress,
  TenonError,
  withoutHandshakeVariables,
  formatEnvironment,
} from "@tenon/core";
import { openSocket } from "@tenon/wire";
import type { Logger } from "../../log/logger.js";
import { createStderrLog, readLines } from "./output-lines.js";

/** How to start the plugin's program. */
export interface ChildInit {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cookie: { readonly key: string; readonly value: string } | undefined;
  readonly versions: readonly number[];
  readonly multiplex: boolean;
  readonly startTimeoutMs: number;
  readonly logger: Logger;
  /** Given what ends the process at once and removes what it left in the file system, for the way out of this one. */
  readonly onSpawn: (kill: () => void) => void;
}

/** How a process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A plugin's process that has shaken hands. */
export interface Child {
  readonly pid: number;
  /** The version of the contract that it has chosen. */
  readonly version: number;
  /** Whether its socket speaks yamux, to one connection in its life. */
  readonly multiplex: boolean;
  readonly exited: Promise<ChildExit>;
  /** Undefined while it runs. */
  readonly exit: ChildExit | undefined;
  connect(signal: AbortSignal): Promise<Duplex>;
  /** SIGTERM, and SIGKILL after a while. Resolves when it is gone. */
  stop(): Promise<ChildExit>;
}

/** How long a process may take to end after SIGTERM, in milliseconds. */
const terminateTimeoutMs = 2000;

/** How long what a process wrote last may take to be read after its end, in milliseconds. */
const drainPipesMs = 300;

/**
 * Starts a plugin as a go-plugin host would, and shakes hands.
 *
 * @throws {@link TenonError} `executable-not-found`, `executable-not-runnable`, `spawn-failed`, `exited-before-handshake`,
 *   `start-timeout`, those of `parseHandshakeLine`; nothing is left running then
 */
export async function startChild(init: ChildInit, signal: AbortSignal): Promise<Child> {
  const { command, logger } = init;
  const [program, ...args] = command;
  // Named as a host's are: a plugin of Tenon, or the next host, removes it where this process was killed.
  const directory = mkdtempSync(join(tmpdir(), `tenon-${globalThis.process.pid}-${randomBytes(3).toString("hex")}`));
  // Its standard input is a pipe for as long as this process lives, by which a plugin of Tenon knows that.
  const process = spawn(program, args, { env: environmentFor(init, directory), stdio: ["pipe", "pipe", "pipe"] });
  process.stdin.on("error", () => {});
  init.onSpawn(() => {
    process.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const toLog = createStderrLog(logger);
  const tail: string[] = [];
  readLines(process.stderr, (line) => {
    tail.push(line);
    if (tail.length > 5) tail.shift();
    toLog(line);
  });
  let exit: ChildExit | undefined;
  const exited = new Promise<ChildExit>((resolve) => {
    const end = (code: number | null, by: NodeJS.Signals | null) => {
      exit = { code, signal: by };
      rmSync(directory, { recursive: true, force: true });
      resolve(exit);
    };
    process.once("close", end);
    // A child of its own may hold its pipes open.
    process.once("exit", () => {
      const pipes = [process.stdin, process.stdout, process.stderr];
      const timer = setTimeout(() => pipes.forEach((pipe) => pipe.destroy()), drainPipesMs);
      process.once("close", () => clearTimeout(timer));
    });
    process.once("error", () => {
      if (process.pid === undefined) end(null, null);
    });
  });
  const stop = () => stopProcess(process, exited);
  try {
    const text = await readHandshake(process, exited, init, tail, signal);
    const line = parseHandshakeLine(text);
    return {
      pid: process.pid!,
      version: line.appVersion,
      multiplex: line.multiplex === true,
      exited,
      get exit() {
        return exit;
      },
      connect(connectSignal) {
        if (line.network === "unix") return openSocket({ path: line.address }, connectSignal);
        const { host, port } = splitTcpAddress(line.address);
        return openSocket({ host, port, noDelay: true }, connectSignal);
      },
      stop,
    };
  } catch (error) {
    if (process.pid !== undefined) await stop();
    throw error;
  }
}

function environmentFor(init: ChildInit, socketDir: string): Record<string, string> {
  return {
    ...withoutHandshakeVariables(init.env),
    ...(init.cookie && { [init.cookie.key]: init.cookie.value }),
    ...formatEnvironment({
      minPort: 10_000,
      maxPort: 25_000,
      protocolVersions: init.versions,
      multiplex: init.multiplex,
      socketDir,
      lifeline: "stdin",
    }),
  };
}

async function readHandshake(
  process: ChildProcess,
  exited: Promise<ChildExit>,
  { command, startTimeoutMs, logger }: ChildInit,
  tail: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const shown = command.join(" ");
  let timer: NodeJS.Timeout | undefined;
  let abort = (): void => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      timer = setTimeout(() => {
        const why = `The plugin ${shown} did not shake hands within ${startTimeoutMs} ms.`;
        reject(new TenonError("start-timeout", why, { facts: { startTimeoutMs } }));
      }, startTimeoutMs);
      process.once("error", (cause: NodeJS.ErrnoException) => reject(spawnError(shown, cause)));
      void exited.then(({ code, signal: by }) => {
        const how = describeExit({ code, signal: by });
        const said = tail.length === 0 ? "It wrote nothing to standard error." : `It wrote last: ${tail.join(" | ")}`;
        const why = `The plugin ${shown} ended with ${how} before it had shaken hands. ${said}`;
        reject(new TenonError("exited-before-handshake", why, { facts: { exitCode: code, signal: by } }));
      });
      let isFirst = true;
      readLines(process.stdout!, (line) => {
        if (isFirst) resolve(line);
        else if (line.trim() !== "") logger.info(line, { stream: "stdout" });
        isFirst = false;
      });
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** As in "exit code 3" or "signal SIGKILL". */
export function describeExit({ code, signal }: ChildExit): string {
  return signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
}

function spawnError(shown: string, cause: NodeJS.ErrnoException): TenonError {
  const codes = { ENOENT: "executable-not-found", EACCES: "executable-not-runnable" } as const;
  const code = cause.code === "ENOENT" || cause.code === "EACCES" ? codes[cause.code] : "spawn-failed";
  return new TenonError(code, `The plugin ${shown} cannot be started: ${cause.message}.`, { cause });
}

async function stopProcess(process: ChildProcess, exited: Promise<ChildExit>): Promise<ChildExit> {
  process.kill("SIGTERM");
  const timer = setTimeout(() => process.kill("SIGKILL"), terminateTimeoutMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}
