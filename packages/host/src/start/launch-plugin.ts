import { type ContractVersions, TenonError } from "@tenon/core";
import type { Certificate } from "@tenon/wire";
import { settledWithin } from "../async/settle.js";
import { readStdout } from "../handshake/stdout-reader.js";
import type { Instance } from "../instance/instance.js";
import { formatExit } from "../instance/loss.js";
import { buildEnvironment } from "../launch/environment.js";
import { hostProcess } from "../launch/host-process.js";
import { withParentDeathSignal } from "../launch/parent-death.js";
import { resolveCommand } from "../launch/resolve-command.js";
import { type ExitFacts, type PluginProcess, spawnProcess } from "../launch/spawn-process.js";
import { exitLagMs, type StartRequest, type StartStage, versionsOf } from "./start-request.js";

/**
 * Finds the plugin's file and spawns it; from then on its end ends the start.
 *
 * @throws {@link TenonError} the codes of `resolveCommand`, `spawn-failed`
 */
export async function launchPlugin<V extends ContractVersions>(
  request: StartRequest<V>,
  { instance, watch, progress }: StartStage,
  certificate: Certificate | undefined,
): Promise<PluginProcess> {
  const { launch, options, contract } = request;
  const socketDir = options.socketDir ?? makeSocketDirectory(request, instance);
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
      ...(options.socketGroup !== undefined && { socketGroup: options.socketGroup }),
      ...(launch.stdin === "lifeline" && { lifeline: "stdin" }),
    },
  });
  const cwd = launch.cwd ?? hostProcess.cwd();
  const path = env["PATH"] ?? request.environment["PATH"] ?? "";
  const isWindows = hostProcess.platform === "win32";
  const file = isWindows ? launch.command : await watch.guard(resolveCommand({ command: launch.command, cwd, path }));
  progress.file = file;
  const signal = launch.parentDeathSignal;
  const setpriv = signal === false ? undefined : await watch.guard(request.findSetpriv());
  const [wrapped, ...args] =
    signal === false || setpriv === undefined
      ? [file, ...launch.args]
      : withParentDeathSignal(setpriv, signal, file, launch.args);

  // Not guarded: a start that is given up at this moment must still learn of the process.
  const process = await spawnProcess({ file: wrapped ?? file, args, env, cwd, stdin: launch.stdin });
  progress.stdout = readStdout(process.stdout, (chunk) => instance.log.stdout.write(chunk));
  instance.attachProcess(process, progress.stdout);
  void process.exited.then(async (exit) => {
    // What happens after the start was given up is the host's own doing.
    if (instance.state.name !== "stopping") progress.exit ??= exit;
    // Its line may still be in the pipe.
    await settledWithin(progress.stdout?.ended ?? Promise.resolve(), exitLagMs);
    watch.fail(exitFault(instance, exit));
  });
  return process;
}

/**
 * Makes the directory for the plugin's sockets; undefined where the plugin has to find a place itself. A group could not enter
 * a directory that is the host's alone.
 */
function makeSocketDirectory<V extends ContractVersions>(
  { options, socketDirectories }: StartRequest<V>,
  instance: Instance,
): string | undefined {
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
