import { acceptVersion, type ContractServices, type ContractVersions, isTenonError, TenonError } from "@tenon/core";
import type { Certificate } from "@tenon/wire";
import type { Broker } from "@tenon/wire/broker";
import { callerMetadata } from "@tenon/wire/host-services";
import { openBroker } from "../broker/open-broker.js";
import { createStartError } from "../diagnose/start-error.js";
import { describeAddress, type Handshake } from "../handshake/check-handshake.js";
import type { InstanceHostServices } from "../host-services/create-host-services.js";
import { createInstance, type Instance, type InstanceInit } from "../instance/instance.js";
import { hostProcess } from "../launch/host-process.js";
import type { LaunchedInstance, Launcher, LauncherCapabilities, Reach } from "../launch/launcher.js";
import { launcherFailed, type PluginProcess } from "../launch/plugin-process.js";
import { readIdentity } from "../launch/process-identity.js";
import { createInstanceLog } from "../logs/instance-log.js";
import { type Reached, reachByHandshake, reachByLauncher, type ReachRequest } from "../session/reach-instance.js";
import { createSession, type Session } from "../session/session.js";
import type { ParsedStartOptions } from "../start-options.js";
import { makeNextCertificate, takeCertificate } from "./certificates.js";
import { launchPlugin } from "./launch-plugin.js";
import { shakeHands } from "./shake-hands.js";
import { type Progress, type StartRequest, type StartStage, versionsOf } from "./start-request.js";
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
    const wantsCertificate = options.autoMtls && request.launch.transport === "socket";
    const certificate = wantsCertificate ? takeCertificate(request.certificates) : undefined;
    const { process, launched, launcher } = await launchPlugin(request, stage, certificate);
    if (wantsCertificate) makeNextCertificate(request.certificates);
    const { capabilities } = launcher;
    const common = { process, capabilities, reload: reloadOf(launched), leaving: launched.leaving?.bind(launched) };
    if (launched.reach === undefined) {
      const handshake = await shakeHands(request, stage);
      return await connect(request, stage, { ...common, ...linkByHandshake(handshake, certificate) });
    }
    const reach = await watch.guard(reachOf(launcher, launched.reach));
    const version = acceptVersion(versionsOf(contract), reach.version, plugin);
    instance.startConnecting();
    return await connect(request, stage, { ...common, version, open: (reaching) => reachByLauncher(reach, reaching) });
  } catch (fault) {
    progress.exit ??= instance.process?.exit;
    const elapsedMs = watch.elapsedMs();
    // No Shutdown call: what failed to start may not be able to answer. SIGTERM first, so that it can remove its socket.
    await instance.stop({ ...options.stop, shutdownTimeoutMs: 0 });
    throw await createStartError({
      fault,
      plugin,
      cookieKey: contract.cookie.key,
      command: request.launch.label,
      file: progress.file,
      pid: instance.process?.pid,
      exit: progress.exit,
      stderrTail: log.stderrTail(),
      stdoutHead: progress.stdout?.head() ?? instance.process?.firstOutput?.() ?? "",
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
  request: Pick<StartRequest<V>, "id" | "contract" | "options" | "exitNet" | "hostServices">,
  kind: Pick<InstanceInit, "lifetime" | "isTest" | "madeAfter">,
): Instance {
  const { id, contract, options, exitNet, hostServices } = request;
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
  const instance = createInstance({ id, plugin, log, exitNet, stopDefaults: options.stop, ...kind });
  if (hostServices !== undefined) void instance.closed.then(() => hostServices.destroy());
  return instance;
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

async function reachOf(launcher: Launcher, reach: Reach | Promise<Reach>): Promise<Reach> {
  try {
    return await reach;
  } catch (cause) {
    throw cause instanceof TenonError ? cause : launcherFailed(launcher, String(cause), cause);
  }
}

/** How an instance is connected to, once it is there. */
export interface Link {
  readonly version: number;
  readonly open: (request: ReachRequest) => Promise<Reached>;
  /** The handshake that named its address; undefined where it has none, and so cannot be attached to. */
  readonly handshake?: Handshake;
}

/** The link to an instance whose handshake, or descriptor, says where it is. */
export function linkByHandshake(handshake: Handshake, certificate: Certificate | undefined): Link {
  const open = (request: ReachRequest) => reachByHandshake(handshake, certificate, request);
  return { version: handshake.version, handshake, open };
}

/** Opens the channel of an instance that is there, and makes its session. */
export async function connect<V extends ContractVersions>(
  request: Pick<StartRequest<V>, "host" | "contract" | "options" | "hostServices">,
  { instance, watch, progress }: StartStage,
  parts: Link & {
    readonly process: PluginProcess;
    readonly capabilities: LauncherCapabilities;
    readonly reload: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
    readonly leaving?: LaunchedInstance["leaving"];
  },
): Promise<Session<V>> {
  const { contract, options } = request;
  const { handshake, process, version, capabilities } = parts;
  const opening = parts.open({ instance, options, metadata: callerMetadata(request.host), signal: watch.signal });
  const { channel, mux, tls } = await watch.guard(opening).catch((error: unknown) => {
    // It may have opened in the moment in which the start was given up.
    opening.then(
      (late) => late.channel.destroy(),
      () => {},
    );
    throw error;
  });
  instance.attachChannel(channel);
  const broker = openBroker({
    plugin: instance.plugin,
    channel,
    mux,
    tls,
    timeoutMs: options.brokerTimeoutMs,
    socketDir: progress.socketDir,
    socketGroup: options.socketGroup,
    addresses: instance.addresses,
    onStream: (stream) => instance.countOwnCall(stream),
    mayBeElsewhere: capabilities.isolation === "machine",
  });
  if (request.hostServices !== undefined && capabilities.hostServices !== false) {
    void serveHostServices(request.hostServices, broker, instance);
  }
  if (capabilities.streams === false) noteStreams(instance, contract.versions[version]);
  const startMs = watch.elapsedMs();
  const pid = process.pid ?? hostProcess.pid;
  // What the launcher reached it by is the launcher's to tell.
  const how = handshake === undefined ? {} : { pid, tls: tls !== undefined };
  instance.log.note("debug", "the plugin is ready", { ...how, version, startMs });
  return createSession({
    instance,
    contract,
    version,
    channel,
    pid,
    tls: tls !== undefined,
    multiplexed: mux !== undefined,
    isolation: capabilities.isolation,
    broker,
    startMs,
    stopDefaults: options.stop,
    defaultTimeoutMs: options.channel.defaultTimeoutMs,
    reload: parts.reload,
    leaving: parts.leaving,
    describeReattach: () => {
      if (handshake === undefined) throw notAttachable(instance);
      return {
        protocol: "grpc",
        protocolVersion: version,
        address: describeAddress(handshake.address),
        pid,
        test: instance.isTest,
        ...identityOf(pid),
        tls: options.tls !== undefined ? "configured" : tls === undefined ? "none" : "session",
      };
    },
  });
}

/** Says what cannot be called before somebody tries. */
function noteStreams({ log }: Instance, services: ContractServices | undefined): void {
  const methods = Object.values(services ?? {}).flatMap((service) =>
    service.methods.filter(({ methodKind }) => methodKind !== "unary").map(({ name }) => `${service.typeName}/${name}`),
  );
  if (methods.length > 0)
    log.note("warn", `what is launched so cannot stream; not to be called: ${methods.join(", ")}`);
}

/** The start does not wait for it: a plugin that is called at once waits for the broker's part by itself. */
async function serveHostServices(services: InstanceHostServices, broker: Broker, { log }: Instance): Promise<void> {
  try {
    await services.serve(broker);
  } catch (error) {
    // Without a broker there is nobody to call them, or the instance has ended.
    if (isTenonError(error, "broker-closed")) return;
    log.note("warn", `the host's services cannot be served to the plugin: ${String(error)}`);
  }
}

function reloadOf(launched: LaunchedInstance): ((signal: AbortSignal | undefined) => Promise<void>) | undefined {
  return launched.reload === undefined ? undefined : async (signal) => launched.reload?.(signal);
}

function notAttachable({ plugin, id }: Instance): TenonError {
  return new TenonError(
    "option-invalid",
    `The plugin "${plugin}" (instance ${id}) has no address that another host could attach to. Launch it as a process on a socket.`,
    { plugin, facts: { option: "launch", instance: id } },
  );
}

function identityOf(pid: number): { identity?: string } {
  const identity = readIdentity(pid)?.identity;
  return identity === undefined ? {} : { identity };
}
