import { createClient } from "@connectrpc/connect";
import { GRPCController, type TenonError } from "@tenon/core";
import type { Channel } from "@tenon/wire";
import { createDeferred } from "../async/deferred.js";
import { settledWithin } from "../async/settle.js";
import type { StdoutReader } from "../handshake/stdout-reader.js";
import type { ExitNet } from "../launch/exit-net.js";
import { hostProcess } from "../launch/host-process.js";
import type { SocketDirectory } from "../sockets/socket-directories.js";
import type { PluginProcess } from "../launch/spawn-process.js";
import type { InstanceLog } from "../logs/instance-log.js";
import { forwardStdio } from "../session/stdio.js";
import { climbDown } from "../stop/ladder.js";
import type { StopHow, StopOutcome, StopStep } from "../stop/outcome.js";
import type { StopTimeouts } from "../stop/stop-options.js";
import { sweepSocket } from "../sockets/sweep.js";
import { noteEnd } from "./end-note.js";
import { createLossError } from "./loss.js";
import { createStateHolder, type InstanceState } from "./states.js";

/** How long the end of the process may lag behind the end of its connection for the two to count as one event. */
const exitLagMs = 1000;

/** What an instance is created with. */
export interface InstanceInit {
  readonly id: string;
  readonly plugin: string;
  readonly log: InstanceLog;
  readonly exitNet: ExitNet;
  /** For an end that nobody asked for. */
  readonly stopDefaults: StopTimeouts;
}

/** One running copy of a plugin with all it owns: process, pipes, connection, sockets. It alone changes its state. */
export interface Instance {
  readonly id: string;
  readonly plugin: string;
  readonly log: InstanceLog;
  readonly state: InstanceState;
  readonly process: PluginProcess | undefined;
  readonly channel: Channel | undefined;
  /** Resolves when nothing of it is left. Never rejects. */
  readonly closed: Promise<StopOutcome>;
  /** In `starting`: takes over the directory in which the plugin is to make its sockets. */
  attachSocketDirectory(directory: SocketDirectory): void;
  /** From `starting`: takes over a process. */
  attachProcess(process: PluginProcess, stdout: StdoutReader): void;
  /** Remembers the socket that a handshake line names, good or bad, so that it is removed if the plugin does not. */
  rememberSocket(path: string): void;
  /** From `handshaking`: the line was good. */
  startConnecting(): void;
  /** From `connecting`: takes over the connection; watches for its loss and for the process's end. */
  attachChannel(channel: Channel): void;
  /** Ends it. Concurrent and later calls share the first one's outcome; an aborted `escalate` of any of them hurries it. */
  stop(timeouts: StopTimeouts, escalate?: AbortSignal): Promise<StopOutcome>;
  /** Why calls fail once the connection is lost. Waits a moment for the process's end, which tells more. */
  explainLoss(): Promise<TenonError>;
}

/** Creates an instance that has no process yet. */
export function createInstance({ id, plugin, log, exitNet, stopDefaults }: InstanceInit): Instance {
  const state = createStateHolder();
  const closed = createDeferred<StopOutcome>();
  const hurry = new AbortController();
  const stdioAbort = new AbortController();
  const outputs: Promise<unknown>[] = [];
  const sweepLimits = { userId: hostProcess.userId(), madeAfter: Date.now() };
  let process: PluginProcess | undefined;
  let channel: Channel | undefined;
  let directory: SocketDirectory | undefined;
  let socketPath: string | undefined;
  let wasReady = false;
  let reasonOfEnd: StopOutcome["reason"] | undefined;

  const removeSockets = (): void => {
    if (socketPath !== undefined) sweepSocket(socketPath, sweepLimits);
    directory?.remove();
  };

  const leaveNet = exitNet.add(() => {
    process?.signalGroup("SIGKILL");
    removeSockets();
  });

  const lossError = (): TenonError =>
    createLossError(plugin, id, process?.exit, reasonOfEnd === "requested", log.stderrTail());

  const release = async (result: EndResult, startedAt: number, drainTimeoutMs: number): Promise<void> => {
    const steps = [...result.steps];
    const drainStartedAt = performance.now();
    // Answers that the plugin sent before its end may still be unread: the channel ends with its stream, like the pipes.
    const ends = channel === undefined ? outputs : [...outputs, channel.closed];
    const isDrained = (await settledWithin(Promise.all(ends), drainTimeoutMs)) !== undefined;
    if (process !== undefined) steps.push({ step: "drain", elapsedMs: performance.now() - drainStartedAt });
    channel?.destroy(lossError());
    stdioAbort.abort();
    process?.release();
    log.stderr.end();
    log.stdout.end();
    if (result.how !== "unkillable") removeSockets();
    leaveNet();
    await directory?.release();
    const outcome: StopOutcome = Object.freeze({
      how: result.how,
      reason: result.reason,
      exitCode: process?.exit?.exitCode ?? null,
      signal: process?.exit?.signal ?? null,
      elapsedMs: performance.now() - startedAt,
      steps: Object.freeze(steps),
      stderrTail: Object.freeze(log.stderrTail()),
      isDrained,
    });
    noteEnd(log, outcome, wasReady);
    state.move({ name: "stopped", outcome });
    closed.resolve(outcome);
  };

  const end = async (reason: StopOutcome["reason"], timeouts: StopTimeouts): Promise<void> => {
    const startedAt = performance.now();
    if (process === undefined) return release({ how: "exited", reason, steps: [] }, startedAt, 0);
    if (process.exit !== undefined) {
      const how = process.exit.exitCode === 0 ? "exited" : "crashed";
      return release({ how, reason: "exited", steps: [] }, startedAt, timeouts.drainTimeoutMs);
    }
    const shutdown = reason === "requested" && channel !== undefined ? createShutdown(channel) : undefined;
    const { how, steps } = await climbDown({ process, shutdown }, timeouts, hurry.signal);
    return release({ how, reason, steps }, startedAt, timeouts.drainTimeoutMs);
  };

  /** The only way into the end: whoever moves the state first decides the reason. */
  const beginEnd = (reason: StopOutcome["reason"], timeouts: StopTimeouts): void => {
    if (!state.move({ name: "stopping" })) return;
    reasonOfEnd = reason;
    void end(reason, timeouts);
  };

  return {
    id,
    plugin,
    log,
    closed: closed.promise,
    get state() {
      return state.current;
    },
    get process() {
      return process;
    },
    get channel() {
      return channel;
    },
    attachSocketDirectory(made) {
      directory = made;
    },
    attachProcess(started, stdout) {
      process = started;
      outputs.push(stdout.ended, readStderr(started, log));
      state.move({ name: "handshaking" });
    },
    rememberSocket(path) {
      socketPath = path;
    },
    startConnecting() {
      state.move({ name: "connecting" });
    },
    attachChannel(opened) {
      state.move({ name: "ready" });
      wasReady = true;
      channel = opened;
      outputs.push(forwardStdio(opened.transport, log, stdioAbort.signal));
      const running = process;
      void running?.exited.then(() => beginEnd("exited", stopDefaults));
      void opened.closed.then(async () => {
        const exit = running && (await settledWithin(running.exited, exitLagMs));
        if (exit === undefined) beginEnd("connection-lost", stopDefaults);
      });
    },
    stop(timeouts, escalate) {
      const onEscalate = (): void => hurry.abort();
      if (escalate?.aborted) onEscalate();
      else escalate?.addEventListener("abort", onEscalate, { once: true });
      void closed.promise.then(() => escalate?.removeEventListener("abort", onEscalate));
      beginEnd("requested", timeouts);
      return closed.promise;
    },
    async explainLoss() {
      if (process !== undefined) await settledWithin(process.exited, exitLagMs);
      return lossError();
    },
  };
}

/** How an end came about, before anything was released. */
interface EndResult {
  readonly how: StopHow;
  readonly reason: StopOutcome["reason"];
  readonly steps: readonly StopStep[];
}

function createShutdown(channel: Channel): (timeoutMs: number, signal: AbortSignal) => Promise<unknown> {
  const controller = createClient(GRPCController, channel.transport);
  return (timeoutMs, signal) => controller.shutdown({}, { timeoutMs, signal });
}

function readStderr(process: PluginProcess, log: InstanceLog): Promise<void> {
  const ended = createDeferred<void>();
  process.stderr.on("data", (chunk: Buffer) => log.stderr.write(chunk));
  process.stderr.once("end", ended.resolve);
  process.stderr.once("close", ended.resolve);
  return ended.promise;
}
