import { GRPCController, type TenonError } from "@tenon/core";
import { createClient } from "@tenon/wire";
import { createDeferred } from "../async/deferred.js";
import { settledWithin } from "../async/settle.js";
import type { ExitNet } from "../launch/exit-net.js";
import type { InstanceChannel } from "../launch/launcher.js";
import { hostProcess } from "../launch/host-process.js";
import type { SocketDirectory } from "../sockets/socket-directories.js";
import { type AddressTranslation, type PluginProcess, sameAddresses } from "../launch/plugin-process.js";
import type { InstanceLog } from "../logs/instance-log.js";
import { readOutput } from "../logs/read-output.js";
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

/**
 * How long calls in flight wait for the end of the process, which says why their connection was lost. Most often the two come within
 * a millisecond; behind a wrapper that lives on they never do.
 */
const explainLagMs = 75;

/** What an instance is created with. */
export interface InstanceInit {
  readonly id: string;
  readonly plugin: string;
  readonly log: InstanceLog;
  readonly exitNet: ExitNet;
  /** For an end that nobody asked for. */
  readonly stopDefaults: StopTimeouts;
  /** Whose end ends it: the host's, or nobody's but its own. */
  readonly lifetime: "host" | "own";
  /** Whether somebody runs it by hand: then even a stop only lets go of it. Default false. */
  readonly isTest?: boolean;
  /** Sockets older than this are not removed, in milliseconds of `Date.now`. Default: now. */
  readonly madeAfter?: number;
}

/** One running copy of a plugin with all it owns: process, pipes, connection, sockets. It alone changes its state. */
export interface Instance {
  readonly id: string;
  readonly plugin: string;
  readonly log: InstanceLog;
  readonly state: InstanceState;
  readonly process: PluginProcess | undefined;
  readonly channel: InstanceChannel | undefined;
  /** Calls that the host itself keeps open on the channel as long as it lives, for the plugin's output and the broker. */
  readonly ownCalls: number;
  /** How addresses differ between host and plugin. */
  readonly addresses: AddressTranslation;
  readonly lifetime: "host" | "own";
  readonly isTest: boolean;
  /** Resolves when nothing of it is left. Never rejects. */
  readonly closed: Promise<StopOutcome>;
  /** In `starting`: takes over a directory for the plugin's sockets or for copies of its files. */
  attachSocketDirectory(directory: SocketDirectory): void;
  /** Takes over what is to be called when the process and its group have ended. */
  attachGuard(release: () => Promise<void>): void;
  /** From `starting`: takes over a process, and reads its standard error. Somebody else reads `stdout`, where there is one. */
  attachProcess(
    process: PluginProcess,
    stdout: { readonly ended: Promise<void> } | undefined,
    addresses?: AddressTranslation,
  ): void;
  /** Remembers the socket that a handshake line names, good or bad, so that it is removed if the plugin does not. */
  rememberSocket(path: string): void;
  /** From `handshaking`: the line was good. */
  startConnecting(): void;
  /** From `connecting`: takes over the connection; watches for its loss and for the process's end. */
  attachChannel(channel: InstanceChannel): void;
  /** Counts one of the host's own calls until it has ended. */
  countOwnCall(call: Promise<void>): void;
  /** Ends it. Concurrent and later calls share the first one's outcome; an aborted `escalate` of any of them hurries it. */
  stop(timeouts: StopTimeouts, escalate?: AbortSignal): Promise<StopOutcome>;
  /** Lets go of it: the connection ends, the process runs on. Shares the outcome of whatever began its end first. */
  detach(): Promise<StopOutcome>;
  /** Why calls fail once the connection is lost. Waits a moment for the process's end, which tells more. */
  explainLoss(): Promise<TenonError>;
}

/** Creates an instance that has no process yet. */
export function createInstance(init: InstanceInit): Instance {
  const { id, plugin, log, stopDefaults, lifetime } = init;
  const state = createStateHolder();
  const closed = createDeferred<StopOutcome>();
  const hurry = new AbortController();
  const stdioAbort = new AbortController();
  const outputs: Promise<unknown>[] = [];
  const sweepLimits = { userId: hostProcess.userId(), madeAfter: init.madeAfter ?? Date.now() };
  const directories: SocketDirectory[] = [];
  const guards: (() => Promise<void>)[] = [];
  let process: PluginProcess | undefined;
  let channel: InstanceChannel | undefined;
  let ownCalls = 0;
  let addresses = sameAddresses;
  let socketPath: string | undefined;
  let wasReady = false;
  let isLettingGo = false;
  let reasonOfEnd: StopOutcome["reason"] | undefined;

  const removeSockets = (): void => {
    if (socketPath !== undefined) sweepSocket(socketPath, sweepLimits);
    for (const directory of directories) directory.remove();
  };

  const leaveNet = init.exitNet.add(() => {
    // One that is to outlive the host is the host's until it is ready.
    if (lifetime === "own" && wasReady) return;
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
    const isLetGo = result.how === "detached";
    if (isLetGo) channel?.destroy(lossError());
    const isDrained = (await settledWithin(Promise.all(ends), drainTimeoutMs)) !== undefined;
    if (process !== undefined && !isLetGo) steps.push({ step: "drain", elapsedMs: performance.now() - drainStartedAt });
    channel?.destroy(lossError());
    stdioAbort.abort();
    if (isLetGo) process?.detach?.();
    process?.release();
    log.stderr.end();
    log.stdout.end();
    if (result.how !== "unkillable" && !isLetGo) removeSockets();
    leaveNet();
    await Promise.all([...directories.map((directory) => directory.release()), ...guards.map((letGo) => letGo())]);
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
    noteEnd(log, outcome, wasReady, process?.pid !== undefined);
    state.move({ name: "stopped", outcome });
    closed.resolve(outcome);
  };

  const end = async (reason: StopOutcome["reason"], timeouts: StopTimeouts): Promise<void> => {
    const startedAt = performance.now();
    if (isLettingGo) return release({ how: "detached", reason, steps: [] }, startedAt, 0);
    if (process === undefined) return release({ how: "exited", reason, steps: [] }, startedAt, 0);
    if (process.exit !== undefined) {
      const { exitCode, signal } = process.exit;
      const how = exitCode === 0 || (exitCode === null && signal === null) ? "exited" : "crashed";
      return release({ how, reason: "exited", steps: [] }, startedAt, timeouts.drainTimeoutMs);
    }
    const shutdown = reason === "requested" && channel !== undefined ? createShutdown(channel) : undefined;
    const { how, steps } = await climbDown({ process, shutdown }, timeouts, hurry.signal);
    return release({ how, reason, steps }, startedAt, timeouts.drainTimeoutMs);
  };

  const countOwnCall = (call: Promise<void>): void => {
    ownCalls++;
    void call.finally(() => ownCalls--);
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
    get ownCalls() {
      return ownCalls;
    },
    get addresses() {
      return addresses;
    },
    lifetime,
    isTest: init.isTest === true,
    attachSocketDirectory(made) {
      directories.push(made);
    },
    attachGuard(letGo) {
      guards.push(letGo);
    },
    attachProcess(started, stdout, translation = sameAddresses) {
      process = started;
      addresses = translation;
      if (stdout !== undefined) outputs.push(stdout.ended);
      if (started.stderr !== undefined) {
        outputs.push(readOutput(started.stderr, (chunk) => log.stderr.write(chunk)).ended);
      }
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
      const stdio = forwardStdio(opened.transport, log, stdioAbort.signal);
      countOwnCall(stdio);
      outputs.push(stdio);
      const running = process;
      void running?.exited.then(() => beginEnd("exited", stopDefaults));
      void opened.closed.then(async () => {
        running?.expectEnd?.();
        if (state.current.name !== "ready") return;
        const exit = running && (await settledWithin(running.exited, exitLagMs));
        if (exit !== undefined || state.current.name !== "ready") return;
        // What lives by itself is ended where somebody asks for it, and nowhere else.
        isLettingGo ||= lifetime === "own";
        beginEnd("connection-lost", stopDefaults);
      });
    },
    countOwnCall,
    detach() {
      isLettingGo ||= state.current.name !== "stopping";
      beginEnd("requested", stopDefaults);
      return closed.promise;
    },
    stop(timeouts, escalate) {
      isLettingGo ||= init.isTest === true && state.current.name === "ready";
      const onEscalate = (): void => hurry.abort();
      if (escalate?.aborted) onEscalate();
      else escalate?.addEventListener("abort", onEscalate, { once: true });
      void closed.promise.then(() => escalate?.removeEventListener("abort", onEscalate));
      beginEnd("requested", timeouts);
      return closed.promise;
    },
    async explainLoss() {
      process?.expectEnd?.();
      if (process !== undefined) await settledWithin(process.exited, explainLagMs);
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

function createShutdown(channel: InstanceChannel): (timeoutMs: number, signal: AbortSignal) => Promise<unknown> {
  const controller = createClient(GRPCController, channel.transport);
  return (timeoutMs, signal) => controller.shutdown({}, { timeoutMs, signal });
}
