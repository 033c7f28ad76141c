import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { MessageChannel, type TransferListItem, Worker } from "node:worker_threads";
import { TenonError } from "@tenon/core";
import { createByteRing } from "@tenon/wire/port-ring";
import type { LaunchedInstance, LaunchRequest } from "../launch/launcher.js";
import { readBusy } from "./busy.js";
import { awaitReach } from "./await-reach.js";
import { watchWorker } from "./watch-worker.js";
import type { WorkerSettings } from "./worker-settings.js";
import { joinStderr } from "./worker-stderr.js";

/** Bytes of log that may wait for the host. A plugin that logs more waits itself, for a second; then records are dropped and counted. */
const stderrRingBytes = 256 * 1024;

/**
 * Starts a worker thread. It resolves at once; how the plugin is reached is known when it has sent its handshake line.
 *
 * @throws {@link TenonError} `executable-not-found`, `executable-not-runnable`, `spawn-failed`
 */
export async function startWorker(settings: WorkerSettings, request: LaunchRequest): Promise<LaunchedInstance> {
  const file = resolve(request.cwd, settings.file);
  await checkFile(file);
  request.signal.throwIfAborted();
  const channel = new MessageChannel();
  const control = new MessageChannel();
  const ring = createByteRing(stderrRingBytes);
  const pulse = new SharedArrayBuffer(8);
  const release = () => {
    channel.port1.close();
    control.port1.close();
  };
  let worker: Worker;
  try {
    worker = new Worker(file, {
      name: request.plugin,
      env: workerEnvironment(request.env),
      stdout: true,
      stderr: true,
      ...(settings.argv && { argv: [...settings.argv] }),
      ...(settings.execArgv && { execArgv: [...settings.execArgv] }),
      ...(settings.resourceLimits && { resourceLimits: settings.resourceLimits }),
      workerData: {
        tenonPort: channel.port2,
        tenonControl: control.port2,
        tenonStderr: ring.memory,
        tenonPulse: pulse,
        tenonMaxExternalBytes: settings.maxExternalBytes,
      },
      transferList: [channel.port2, control.port2] as TransferListItem[],
    });
  } catch (cause) {
    release();
    throw new TenonError("spawn-failed", `no thread can be made for ${file}: ${String(cause)}`, { cause });
  }
  const startedMs = performance.now();
  const stderr = joinStderr(worker.stderr, ring);
  const watched = watchWorker({ worker, control: control.port1, stderr, settings });
  return {
    stdout: worker.stdout,
    stderr: stderr.stream,
    exited: watched.exited,
    reach: awaitReach(channel.port1, watched.exited, request.signal),
    busy: () => (watched.hasExited ? undefined : readBusy(worker, pulse, startedMs)),
    signal(signal) {
      if (signal === "SIGTERM") control.port1.postMessage("terminate");
      if (signal === "SIGKILL") watched.terminate();
      return true;
    },
    release() {
      release();
      stderr.stream.destroy();
    },
  };
}

async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new TenonError("executable-not-found", `there is no file ${file}`, { cause, facts: { file } });
  });
  if (!found.isFile()) throw new TenonError("executable-not-runnable", `${file} is no file`, { facts: { file } });
}

/** Whatever the host says to plugins elsewhere: here the channel is the port, yamux runs on it, and there is no socket. */
function workerEnvironment(given: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = { ...given, TENON_TRANSPORT: "port", PLUGIN_MULTIPLEX_GRPC: "true" };
  for (const name of ["PLUGIN_CLIENT_CERT", "PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_UNIX_SOCKET_GROUP", "TENON_LIFELINE"])
    delete env[name];
  return env;
}
