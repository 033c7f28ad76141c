import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { formatEnvironment, parseHandshakeLine, splitTcpAddress, withoutHandshakeVariables } from "@tenon/core";
import { openSocket } from "@tenon/wire";
import type { ChildExit } from "./child-exit.js";
import type { DeathWatch } from "./death-watch.js";
import { createStderrLog, readLines } from "./output-lines.js";
import { hasGroups, isRunning, signalGroup, stopProcess } from "./process-group.js";
import { type HandshakeInit, readHandshake } from "./read-handshake.js";

/** How to start the plugin's program. */
export interface ChildInit extends HandshakeInit {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cookie: { readonly key: string; readonly value: string } | undefined;
  readonly versions: readonly number[];
  readonly multiplex: boolean;
  /** Ends the process when this one is killed. */
  readonly watch: DeathWatch;
  /** Given what ends the process at once and removes what it left in the file system, for the way out of this one. */
  readonly onSpawn: (kill: () => void) => void;
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
  /** SIGTERM, and SIGKILL after a while. Resolves when it is gone. `quietly`: what it writes from now on is no record. */
  stop(quietly?: boolean): Promise<ChildExit>;
}

/** How long what a process wrote last may take to be read after its end, in milliseconds. */
const drainPipesMs = 300;

/**
 * Starts a plugin as a go-plugin host would, and shakes hands.
 *
 * @throws TenonError `executable-not-found`, `executable-not-runnable`, `spawn-failed`, `exited-before-handshake`,
 *   `start-timeout`, those of `parseHandshakeLine`; nothing is left running then
 */
export async function startChild(init: ChildInit, signal: AbortSignal): Promise<Child> {
  const { command, logger } = init;
  const [program, ...args] = command;
  // Named as a host's are: a plugin of Tenon, or the next host, removes it where this process was killed.
  const directory = mkdtempSync(join(tmpdir(), `tenon-${globalThis.process.pid}-${randomBytes(3).toString("hex")}`));
  // Its standard input is a pipe for as long as this process lives, by which a plugin of Tenon knows that.
  const process = spawn(program, args, {
    // A group of its own: what it starts ends with it, and Ctrl-C does not reach it before it was drained.
    detached: hasGroups(),
    env: environmentFor(init, directory),
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (process.pid !== undefined) init.watch.guard(process.pid, directory);
  process.stdin.on("error", () => {});
  init.onSpawn(() => {
    if (isRunning(process)) signalGroup(process, "SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const toLog = createStderrLog(logger);
  const tail: string[] = [];
  let isMuted = false;
  readLines(process.stderr, (line) => {
    tail.push(line);
    if (tail.length > 5) tail.shift();
    if (!isMuted) toLog(line);
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
      // What it left behind in its group would hold its pipes and its socket.
      signalGroup(process, "SIGKILL");
      init.watch.release();
      const pipes = [process.stdin, process.stdout, process.stderr];
      const timer = setTimeout(() => pipes.forEach((pipe) => pipe.destroy()), drainPipesMs);
      process.once("close", () => clearTimeout(timer));
    });
    process.once("error", () => {
      if (process.pid === undefined) end(null, null);
    });
  });
  const stop = (quietly = false) => {
    isMuted = quietly;
    return stopProcess(process, exited);
  };
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
