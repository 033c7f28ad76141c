import type { Writable } from "node:stream";
import { commandOf } from "./command-of.js";
import { hostProcess } from "./host-process.js";
import type { LaunchRequest } from "./launcher.js";
import { findSetpriv, withParentDeathSignal } from "./parent-death.js";
import type { SpawnedProcess } from "./plugin-process.js";
import { resolveCommand } from "./resolve-command.js";
import { spawnProcess } from "./spawn-process.js";

/** A process whose standard input this one writes. */
export interface StreamProcess extends SpawnedProcess {
  readonly stdin: Writable;
}

/** Starts the command of a launch as a child process. */
export interface Spawner {
  /** With the standard input that the launch asks for. */
  (request: LaunchRequest): Promise<{ readonly process: SpawnedProcess; readonly file: string }>;
  /** With a pipe for bytes as standard input. */
  (request: LaunchRequest, stdin: "stream"): Promise<{ readonly process: StreamProcess; readonly file: string }>;
}

/**
 * Creates a spawner, which looks for what parent-death signals need once.
 *
 * It fails with the codes of `resolveCommand`, and `spawn-failed`.
 */
export function createSpawner(): Spawner {
  let setpriv: Promise<string | undefined> | undefined;
  const spawn = async (request: LaunchRequest, stdin: LaunchRequest["stdin"] | "stream" = request.stdin) => {
    const { env, cwd, parentDeathSignal, searchPath } = request;
    const [command, ...args] = commandOf(request);
    const isWindows = hostProcess.platform === "win32";
    const file = isWindows ? command : resolveCommand({ command, cwd, path: searchPath });
    const found = parentDeathSignal === false ? undefined : await (setpriv ??= findSetpriv());
    request.signal.throwIfAborted();
    const [first, ...rest] =
      parentDeathSignal === false || found === undefined
        ? [file, ...args]
        : withParentDeathSignal(found, parentDeathSignal, file, args);
    return { file, process: await spawnProcess({ file: first ?? file, args: rest, env, cwd, stdin }) };
  };
  return spawn as Spawner;
}
