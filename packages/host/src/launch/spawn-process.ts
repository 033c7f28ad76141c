import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { TenonError } from "@tenon/core";
import type { ExitFacts } from "./exit-facts.js";
import { hostProcess } from "./host-process.js";
import type { SpawnedProcess } from "./plugin-process.js";

/** What to spawn. */
export interface SpawnRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** `lifeline`: a pipe that is held open; `stream`: a pipe that is written to. */
  readonly stdin: "lifeline" | "inherit" | "ignore" | "stream";
}

/**
 * Starts a process in its own session and process group, so that all it starts can be signalled together, and a Ctrl-C at
 * the host's terminal does not reach it behind the host's back (go-plugin shares the host's group).
 *
 * @throws {@link TenonError} `spawn-failed` with the system's error as its cause; the caller refines it
 */
export async function spawnProcess(
  request: SpawnRequest,
): Promise<SpawnedProcess & { readonly stdin: Writable | null }> {
  let child: ChildProcess;
  try {
    child = spawn(request.file, request.args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: hostProcess.platform !== "win32",
      windowsHide: true,
      stdio: [request.stdin === "lifeline" || request.stdin === "stream" ? "pipe" : request.stdin, "pipe", "pipe"],
    });
  } catch (error) {
    throw spawnFailed(request, error);
  }
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) {
    throw spawnFailed(request, await new Promise<unknown>((resolve) => child.once("error", resolve)));
  }
  // A late error is a failed kill, which the group's own signals make up for.
  child.on("error", () => {});

  let exit: ExitFacts | undefined;
  const exited = new Promise<ExitFacts>((resolve) => {
    child.once("exit", (exitCode, signal) => {
      exit = { exitCode, signal };
      // What it left behind in its group would hold its pipes, its socket and its resources.
      if (hostProcess.platform !== "win32") hostProcess.signalGroup(pid, "SIGKILL");
      resolve(exit);
    });
  });
  // A pipe that breaks has ended: its reader sees the end and nothing else is lost.
  for (const pipe of [child.stdin, stdout, stderr]) pipe?.on("error", () => {});

  return {
    pid,
    stdin: child.stdin,
    stdout,
    stderr,
    get exit() {
      return exit;
    },
    exited,
    signalGroup: (signal) => exit === undefined && hostProcess.signalGroup(pid, signal),
    detach() {
      child.unref();
    },
    release() {
      child.stdin?.destroy();
      stdout.destroy();
      stderr.destroy();
    },
  };
}

function spawnFailed(request: SpawnRequest, cause: unknown): TenonError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new TenonError("spawn-failed", `the system refused to start ${request.file} (${code ?? String(cause)})`, {
    cause,
    facts: { errno: code, file: request.file },
  });
}
