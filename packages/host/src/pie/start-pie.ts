import type { DescService } from "@bufbuild/protobuf";
import { TenonError, withoutHandshakeVariables } from "@tenon/core";
import { joinStreams } from "@tenon/wire";
import { checkNames } from "@tenon/wire/json-rpc";
import type { LaunchedInstance, LaunchRequest } from "../launch/launcher.js";
import type { Spawner } from "../launch/spawner.js";
import { serveConsumer } from "./consumer.js";
import type { PieSettings } from "./pie-settings.js";
import { createPoliteEnd } from "./polite-end.js";
import { callProvider } from "./provider.js";

/**
 * Starts a plugin that speaks JSON-RPC.
 *
 * @throws {@link TenonError} the codes of a spawner; `option-invalid` for a version that the contract has not, and for names that fit two methods
 */
export async function startPie(
  settings: PieSettings,
  request: LaunchRequest,
  spawn: Spawner,
): Promise<LaunchedInstance> {
  const { contract, plugin } = request;
  const version = settings.version ?? Math.min(...Object.keys(contract.versions).map(Number));
  const served = contract.versions[version];
  if (served === undefined) throw noVersion(version, request);
  const isProvider = settings.mode === "provider";
  const services: readonly DescService[] = Object.values(isProvider ? served : (contract.hostServices ?? {}));
  checkNames(settings.names, services);
  // Nobody reads them there, and a plugin that is a host itself would hand them down.
  const env = withoutHandshakeVariables(request.env, contract.cookie.key);
  const { process, file } = await spawn({ ...request, env }, "stream");
  const stream = joinStreams(process.stdout, process.stdin);
  const end = createPoliteEnd(process);
  const channel = isProvider
    ? callProvider({ stream, settings, services, plugin, end, explainLoss: () => request.explainLoss() })
    : serveConsumer({ stream, settings, services, plugin, end, hostServices: request.hostServices, process });
  return {
    pid: process.pid,
    file,
    stderr: process.stderr,
    reach: { kind: "channel", channel, version },
    exited: process.exited,
    signal: (signal) => process.signalGroup(signal),
    release() {
      end.release();
      process.release();
    },
  };
}

function noVersion(version: number, { contract, plugin }: LaunchRequest): TenonError {
  const versions = Object.keys(contract.versions).join(", ");
  return new TenonError(
    "option-invalid",
    `The option launch.version is not valid: the contract "${contract.name}" has no version ${version}, it has ${versions}.`,
    { plugin, facts: { option: "launch.version" } },
  );
}
