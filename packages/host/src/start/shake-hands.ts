import { type ContractVersions, isTenonError, TenonError } from "@tenon/core";
import { settledWithin } from "../async/settle.js";
import { checkHandshake, findSocketPath, type Handshake } from "../handshake/check-handshake.js";
import { hostProcess } from "../launch/host-process.js";
import { exitFault } from "./launch-plugin.js";
import { exitLagMs, type StartRequest, type StartStage, versionsOf } from "./start-request.js";

/**
 * Reads and checks the handshake line.
 *
 * @throws {@link TenonError} the codes of `checkHandshake`, `handshake-too-long`, `exited-before-handshake`, `stdout-closed`
 */
export async function shakeHands<V extends ContractVersions>(
  { contract, launch, options }: StartRequest<V>,
  { instance, watch, progress }: StartStage,
): Promise<Handshake> {
  const first = await watch.guard(progress.stdout!.firstLine);
  if (first.kind === "too-long") {
    throw new TenonError("handshake-too-long", "its first line of output is longer than 64 KiB");
  }
  try {
    // A line that its end was forgotten on is as good as another: go-plugin's host takes it too.
    const text = first.kind === "closed" ? "" : first.text;
    const socketPath = findSocketPath(text, instance.addresses.toHost);
    if (socketPath !== undefined) instance.rememberSocket(socketPath);
    const handshake = checkHandshake(text, {
      plugin: instance.plugin,
      versions: versionsOf(contract),
      autoMtls: options.autoMtls,
      multiplex: options.multiplex,
      platform: hostProcess.platform,
      toHost: instance.addresses.toHost,
      mayBeElsewhere: launch.launcher?.capabilities.isolation === "machine",
    });
    instance.startConnecting();
    return handshake;
  } catch (fault) {
    if (!isTenonError(fault, "handshake-malformed")) throw fault;
    // What is no plugin mostly ends at once, and how it ended tells more than what it printed.
    const exit = await settledWithin(instance.process!.exited, exitLagMs, watch.signal);
    if (first.kind === "line" && first.isComplete) throw fault;
    if (exit !== undefined) throw exitFault(instance, exit);
    throw new TenonError("stdout-closed", "it closed its standard output without a handshake line and kept running");
  }
}
