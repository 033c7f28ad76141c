import { type ContractVersions, TenonError } from "@tenon/core";
import { type Certificate, createCertificate } from "@tenon/wire";
import { openBroker } from "../broker/open-broker.js";
import { createStartError } from "../diagnose/start-error.js";
import { describeAddress, type Handshake } from "../handshake/check-handshake.js";
import { createInstance, type Instance, type InstanceInit } from "../instance/instance.js";
import { hostProcess } from "../launch/host-process.js";
import type { PluginProcess } from "../launch/plugin-process.js";
import { readIdentity } from "../launch/process-identity.js";
import { createInstanceLog } from "../logs/instance-log.js";
import { openChannel } from "../session/open-channel.js";
import { createSession, type Session } from "../session/session.js";
import type { ParsedStartOptions } from "../start-options.js";
import { launchPlugin } from "./launch-plugin.js";
import { shakeHands } from "./shake-hands.js";
import type { Progress, StartRequest, StartStage } from "./start-request.js";
import { createStartWatch, type StartWatch } from "./start-watch.js";

/**
 * Starts an instance: find the command, spawn it, read its handshake, connect. Whatever fails, nothing is left running.
 *
 * @throws {@link TenonError} one of the start codes, with `StartFacts`
 */
export async function startInstance<V extends ContractVersions>(request: StartRequest<V>): Promise<Session<V>> {
  const { contract, options } = request;
  const instance = openInstance(request, { lifetime: request.launch.lifetime });
  const { plugin, log } = instance;
  const watch = watchStart(options);
  const forgetHostStop = request.onHostStop(() => {
    watch.fail(new TenonError("host-closed", "the host was stopped during the start"));
  });
  const progress: Progress = {};
  const stage: StartStage = { instance, watch, progress };
  try {
    const certificate = options.autoMtls ? createCertificate() : undefined;
    const process = await launchPlugin(request, stage, certificate);
    const handshake = await shakeHands(request, stage);
    return await connect(request, stage, {
      process,
      handshake,
      certificate,
      mayBeElsewhere: request.launch.launcher?.capabilities.isolation === "machine",
    });
  } catch (fault) {
    progress.exit ??= instance.process?.exit;
    const elapsedMs = watch.elapsedMs();
    // No Shutdown call: what failed to start may not be able to answer. SIGTERM first, so that it can remove its socket.
    await instance.stop({ ...options.stop, shutdownTimeoutMs: 0 });
    throw await createStartError({
      fault,
      plugin,
      cookieKey: contract.cookie.key,
      command: [request.launch.command, ...request.launch.args],
      file: progress.file,
      pid: instance.process?.pid,
      exit: progress.exit,
      stderrTail: log.stderrTail(),
      stdoutHead: progress.stdout?.head() ?? "",
      elapsedMs,
      machine: hostProcess,
    });
  } finally {
    forgetHostStop();
    watch.dispose();
  }
}

/** Creates an instance with its log, as the options of a start want it. */
export function openInstance<V extends ContractVersions>(
  { id, contract, options, exitNet }: Pick<StartRequest<V>, "id" | "contract" | "options" | "exitNet">,
  kind: Pick<InstanceInit, "lifetime" | "isTest" | "madeAfter">,
): Instance {
  const plugin = options.name ?? contract.name;
  const log = createInstanceLog({
    plugin,
    instance: id,
    sink: options.log,
    defaultLevel: options.defaultLevel,
    maxLineBytes: options.maxLogLineBytes,
    joinIdleMs: options.joinIdleMs,
    tailLines: options.maxStderrTailLines,
    sinks: { stderr: options.stderr, syncStdout: options.syncStdout, syncStderr: options.syncStderr },
  });
  return createInstance({ id, plugin, log, exitNet, stopDefaults: options.stop, ...kind });
}

/** Watches a start for its deadline and its caller's signal. */
export function watchStart(options: ParsedStartOptions): StartWatch {
  return createStartWatch(
    options.startTimeoutMs,
    () => new TenonError("start-timeout", `it was not ready within ${options.startTimeoutMs} ms (startTimeoutMs)`),
    options.signal,
    (cause) => new TenonError("start-aborted", "the caller's signal aborted the start", { cause }),
  );
}

/** Opens the channel of an instance whose address is known, and makes its session. */
export async function connect<V extends ContractVersions>(
  request: Pick<StartRequest<V>, "contract" | "options">,
  { instance, watch, progress }: StartStage,
  parts: {
    readonly process: PluginProcess;
    readonly handshake: Handshake;
    readonly certificate: Certificate | undefined;
    /** Whether the plugin may be on another machine. Default false. */
    readonly mayBeElsewhere?: boolean;
  },
): Promise<Session<V>> {
  const { contract, options } = request;
  const { handshake, certificate, process } = parts;
  const opening = openChannel({
    handshake,
    certificate,
    connectTimeoutMs: options.connectTimeoutMs,
    interceptors: options.interceptors,
    tls: options.tls,
    channel: options.channel,
    multiplex: handshake.multiplex,
    explainLoss: () => instance.explainLoss(),
    signal: watch.signal,
  });
  const opened = await watch.guard(opening).catch((error: unknown) => {
    // It may have opened in the moment in which the start was given up.
    opening.then(
      (late) => late.channel.destroy(),
      () => {},
    );
    throw error;
  });
  const { channel, mux } = opened;
  instance.attachChannel(channel);
  const broker = openBroker({
    plugin: instance.plugin,
    channel,
    mux,
    tls: opened.tls,
    timeoutMs: options.brokerTimeoutMs,
    socketDir: progress.socketDir,
    socketGroup: options.socketGroup,
    addresses: instance.addresses,
    mayBeElsewhere: parts.mayBeElsewhere ?? false,
  });
  const startMs = watch.elapsedMs();
  const tls = handshake.certificate !== undefined || options.tls !== undefined;
  instance.log.note("debug", "the plugin is ready", { pid: process.pid, version: handshake.version, tls, startMs });
  return createSession({
    instance,
    contract,
    version: handshake.version,
    channel,
    pid: process.pid,
    tls,
    multiplexed: mux !== undefined,
    broker,
    startMs,
    stopDefaults: options.stop,
    describeReattach: () => ({
      protocol: "grpc",
      protocolVersion: handshake.version,
      address: describeAddress(handshake.address),
      pid: process.pid,
      test: instance.isTest,
      ...identityOf(process.pid),
      tls: options.tls !== undefined ? "configured" : handshake.certificate === undefined ? "none" : "session",
    }),
  });
}

function identityOf(pid: number): { identity?: string } {
  const identity = readIdentity(pid)?.identity;
  return identity === undefined ? {} : { identity };
}
