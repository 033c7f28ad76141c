import { join, resolve } from "node:path";
import { type ContractVersions, TenonError } from "@tenon/core";
import type { Certificate } from "@tenon/wire";
import { settledWithin } from "../async/settle.js";
import { readStdout } from "../handshake/stdout-reader.js";
import { readOutput } from "../logs/read-output.js";
import type { Instance } from "../instance/instance.js";
import { formatExit } from "../instance/loss.js";
import { copyVerified, verifiedName } from "../launch/checksum.js";
import { buildEnvironment } from "../launch/environment.js";
import { hostProcess } from "../launch/host-process.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { LaunchedInstance, Launcher, LaunchRequest } from "../launch/launcher.js";
import { adoptLaunched, launcherFailed, type PluginProcess, translationOf } from "../launch/plugin-process.js";
import { resolveCommand } from "../launch/resolve-command.js";
import { exitLagMs, type StartRequest, type StartStage, versionsOf } from "./start-request.js";

/**
 * Has the launcher start the plugin; from then on its end ends the start.
 *
 * @throws {@link TenonError} the codes of `resolveCommand`, `spawn-failed`, `launcher-failed`, `checksum-mismatch`
 */
export async function launchPlugin<V extends ContractVersions>(
  request: StartRequest<V>,
  stage: StartStage,
  certificate: Certificate | undefined,
): Promise<{ readonly process: PluginProcess; readonly launched: LaunchedInstance; readonly launcher: Launcher }> {
  const { instance, progress } = stage;
  const launcher = request.launch.launcher ?? request.processLauncher;
  const asked = await prepare(request, stage, certificate);
  const launched = await start(launcher, asked, stage);
  const process = adoptLaunched(launcher, launched);
  if (launched.file !== undefined) progress.file = launched.file;
  if (isGuarded(request) && process.pid !== undefined) {
    instance.attachGuard(request.socketDirectories.guardGroup(process.pid, asked.parentDeathSignal !== false));
  } else {
    request.socketDirectories.watch();
  }
  const write = (chunk: Uint8Array) => instance.log.stdout.write(chunk);
  const { stdout } = process;
  if (launched.reach === undefined) progress.stdout = readStdout(stdout!, write);
  const reader = progress.stdout ?? (stdout && readOutput(stdout, write));
  instance.attachProcess(process, reader, translationOf(launcher, launched));
  void process.exited.then(async (exit) => {
    // What happens after the start was given up is the host's own doing.
    if (instance.state.name !== "stopping") progress.exit ??= exit;
    const { reach } = launched;
    if (reach !== undefined) {
      // Its launcher may know better why.
      await settledWithin(Promise.resolve(reach), exitLagMs).catch(() => {});
      return stage.watch.fail(new TenonError("plugin-exited", `it ended with ${formatExit(exit)} before it was ready`));
    }
    // Its line may still be in the pipe.
    await settledWithin(progress.stdout?.ended ?? Promise.resolve(), exitLagMs);
    stage.watch.fail(exitFault(instance, exit));
  });
  return { process, launched, launcher };
}

/** Whether the instance's process group ends with the host. */
function isGuarded<V extends ContractVersions>({ launch }: StartRequest<V>): boolean {
  return launch.lifetime === "host" && hostProcess.platform !== "win32";
}

async function prepare<V extends ContractVersions>(
  request: StartRequest<V>,
  { instance, watch, progress }: StartStage,
  certificate: Certificate | undefined,
): Promise<LaunchRequest> {
  const { launch, options, contract } = request;
  const usesSocket = launch.transport === "socket";
  const socketDir = usesSocket ? (options.socketDir ?? makeSocketDirectory(request, instance)) : undefined;
  progress.socketDir = socketDir;
  const env = buildEnvironment({
    launch,
    host: request.environment,
    cookie: contract.cookie,
    platform: hostProcess.platform,
    handshake: {
      minPort: options.minPort,
      maxPort: options.maxPort,
      protocolVersions: versionsOf(contract),
      ...(certificate && { clientCertificate: certificate.certPem }),
      ...(socketDir !== undefined && { socketDir }),
      ...((launch.transport === "stdio" || launch.transport === "port") && { transport: launch.transport }),
      ...(usesSocket && options.socketGroup !== undefined && { socketGroup: options.socketGroup }),
      // One byte stream is all there is: further channels can only be inside it.
      ...((options.multiplex !== false || !usesSocket) && { multiplex: true }),
      ...(launch.stdin === "lifeline" && { lifeline: "stdin" }),
      ...(launch.lifetime === "own" && { lifeline: "none" }),
    },
  });
  const cwd = resolve(hostProcess.cwd(), launch.cwd ?? "");
  const searchPath = env["PATH"] ?? request.environment["PATH"] ?? "";
  let { command } = launch;
  let verifiedDir: string | undefined;
  const [first, ...args] = command;
  if (launch.checksums.length > 0 && first !== undefined) {
    const directory = request.socketDirectories.create();
    instance.attachSocketDirectory(directory);
    verifiedDir = join(directory.path, verifiedName);
    const isWindows = hostProcess.platform === "win32";
    const file = isWindows ? first : resolveCommand({ command: first, cwd, path: searchPath });
    progress.file = file;
    const verification = {
      command: [file, ...args] as const,
      cwd,
      directory: directory.path,
      signal: watch.signal,
    };
    command = await watch.guard(copyVerified({ ...verification, checksums: launch.checksums }));
  }
  return Object.freeze<LaunchRequest>({
    plugin: instance.plugin,
    instance: instance.id,
    host: request.host,
    contract,
    command,
    env,
    cwd,
    searchPath,
    stdin: launch.stdin,
    parentDeathSignal:
      launch.parentDeathSignal ?? (isGuarded(request) && request.socketDirectories.hasJanitor ? false : "SIGTERM"),
    socketDir,
    verifiedDir,
    signal: watch.signal,
    hostServices: request.hostServices?.directly({ copy: launch.copiesMessages }),
    explainLoss: () => instance.explainLoss(),
  });
}

/** A launcher that does not notice that the start was given up may come with a process when nobody waits any more. */
async function start(launcher: Launcher, request: LaunchRequest, { watch }: StartStage): Promise<LaunchedInstance> {
  const starting = Promise.resolve()
    .then(() => launcher.start(request))
    .catch((cause: unknown) => {
      throw cause instanceof TenonError || request.signal.aborted
        ? cause
        : launcherFailed(launcher, String(cause), cause);
    });
  try {
    return await watch.guard(starting);
  } catch (fault) {
    const late = await settledWithin(starting, exitLagMs).catch(() => undefined);
    if (late !== undefined) return late;
    starting.then(
      (tooLate) => {
        tooLate.signal("SIGKILL");
        tooLate.release();
      },
      () => {},
    );
    throw fault;
  }
}

/**
 * Makes the directory for the plugin's sockets; undefined where the plugin has to find a place itself. A group could not enter
 * a directory that is the host's alone.
 */
function makeSocketDirectory<V extends ContractVersions>(
  { options, launch, socketDirectories }: StartRequest<V>,
  instance: Instance,
): string | undefined {
  // What outlives this host must not lose its socket to this host's janitor.
  if (launch.lifetime === "own") return undefined;
  if (options.socketGroup !== undefined || hostProcess.platform === "win32") return undefined;
  try {
    const directory = socketDirectories.create();
    instance.attachSocketDirectory(directory);
    return directory.path;
  } catch (error) {
    instance.log.note(
      "warn",
      `no directory for the plugin's sockets can be made (${String(error)}); it must find a place itself`,
    );
    return undefined;
  }
}

/** The fault of a process that ended during its start. */
export function exitFault(instance: Instance, exit: ExitFacts): TenonError {
  return instance.state.name === "handshaking"
    ? new TenonError("exited-before-handshake", `it ended with ${formatExit(exit)} before its handshake line`)
    : new TenonError("plugin-exited", `it ended with ${formatExit(exit)} right after its handshake line`);
}
