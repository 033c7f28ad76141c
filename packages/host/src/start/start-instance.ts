import { type ContractVersions, TenonError } from "@tenon/core";
import { type Certificate, createCertificate } from "@tenon/wire";
import { createStartError } from "../diagnose/start-error.js";
import type { Handshake } from "../handshake/check-handshake.js";
import { createInstance } from "../instance/instance.js";
import { hostProcess } from "../launch/host-process.js";
import type { PluginProcess } from "../launch/spawn-process.js";
import { createInstanceLog } from "../logs/instance-log.js";
import { openChannel } from "../session/open-channel.js";
import { createSession, type Session } from "../session/session.js";
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
  const plugin = options.name ?? contract.name;
  const log = createInstanceLog({
    plugin,
    instance: request.id,
    sink: options.log,
    defaultLevel: options.defaultLevel,
    maxLineBytes: options.maxLogLineBytes,
    joinIdleMs: options.joinIdleMs,
    tailLines: options.maxStderrTailLines,
  });
  const instance = createInstance({
    id: request.id,
    plugin,
    log,
    exitNet: request.exitNet,
    stopDefaults: options.stop,
  });
  const watch = watchStart(request);
  const forgetHostStop = request.onHostStop(() => {
    watch.fail(new TenonError("host-closed", "the host was stopped during the start"));
  });
  const progress: Progress = {};
  const stage: StartStage = { instance, watch, progress };
  try {
    const certificate = options.autoMtls ? createCertificate() : undefined;
    const process = await launchPlugin(request, stage, certificate);
    const handshake = await shakeHands(request, stage);
    return await connect(request, stage, { process, handshake, certificate });
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

function watchStart<V extends ContractVersions>({ options }: StartRequest<V>): StartWatch {
  return createStartWatch(
    options.startTimeoutMs,
    () => new TenonError("start-timeout", `it was not ready within ${options.startTimeoutMs} ms (startTimeoutMs)`),
    options.signal,
    (cause) => new TenonError("start-aborted", "the caller's signal aborted the start", { cause }),
  );
}

async function connect<V extends ContractVersions>(
  request: StartRequest<V>,
  { instance, watch }: StartStage,
  parts: { process: PluginProcess; handshake: Handshake; certificate: Certificate | undefined },
): Promise<Session<V>> {
  const { contract, options } = request;
  const { handshake, certificate, process } = parts;
  const opening = openChannel({
    handshake,
    certificate,
    connectTimeoutMs: options.connectTimeoutMs,
    interceptors: options.interceptors,
    explainLoss: () => instance.explainLoss(),
    signal: watch.signal,
  });
  const channel = await watch.guard(opening).catch((error: unknown) => {
    // It may have opened in the moment in which the start was given up.
    opening.then(
      (late) => late.destroy(),
      () => {},
    );
    throw error;
  });
  instance.attachChannel(channel);
  const startMs = watch.elapsedMs();
  const tls = handshake.certificate !== undefined;
  instance.log.note("debug", "the plugin is ready", { pid: process.pid, version: handshake.version, tls, startMs });
  return createSession({
    instance,
    contract,
    version: handshake.version,
    channel,
    pid: process.pid,
    tls,
    startMs,
    stopDefaults: options.stop,
  });
}
