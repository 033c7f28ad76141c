import type { Transport } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { createChannel, createClient, createServer } from "@tenon/wire";
import { Specimen, SpecimenHost } from "../gen/tenon/testkit/v1/specimen_pb.js";
import { createSpecimen } from "../specimen/create-specimen.js";
import { createDuplexPair } from "../streams/duplex-pair.js";
import type { LauncherRig, RigRequest, RigSession } from "./rig.js";

/** How a launcher differs from a right one. */
export interface MemoryRigFaults {
  /** What the client calls by, in place of the channel's own transport. */
  readonly transport?: (transport: Transport) => Transport;
  /** Stops without waiting for calls in flight. */
  readonly isAbrupt?: boolean;
  /** Loses calls without saying why. */
  readonly isSilent?: boolean;
  /** Runs once for each instance. */
  readonly open?: () => void;
}

/** A launcher without a host and without a process: the engine on a byte stream in memory, and a second one for the way back. */
export function memoryRig(faults: MemoryRigFaults = {}): LauncherRig {
  return {
    lacks: {
      versions: "there is no contract",
      exit: "it runs in the process of the suite",
      block: "it runs in the thread of the suite",
      heap: "it runs on the heap of the suite",
      buffers: "it runs in the process of the suite",
      "stray-errors": "they would be the suite's",
      prints: "they would be the suite's",
    },
    open: (request) => Promise.resolve(openSession(request, faults)),
  };
}

function openSession({ host }: RigRequest, faults: MemoryRigFaults): RigSession {
  faults.open?.();
  const [hostEnd, pluginEnd] = createDuplexPair();
  const hostServer = createServer().add(SpecimenHost, host);
  hostServer.accept(hostEnd);
  const hostChannel = createChannel(pluginEnd);
  const hostClient = createClient(SpecimenHost, hostChannel.transport);

  const [near, far] = createDuplexPair();
  const server = createServer().add(Specimen, createSpecimen({ host: () => hostClient }));
  server.accept(far);
  const cause = faults.isSilent === true ? undefined : new TenonError("session-closed", "it was stopped");
  const channel = createChannel(near, { explainLoss: () => Promise.resolve({ message: "it was stopped", cause }) });

  const end = async () => {
    const drained = server.close();
    const late = setTimeout(() => server.destroy(), faults.isAbrupt === true ? 0 : 1000);
    await drained;
    clearTimeout(late);
    channel.destroy();
    hostChannel.destroy();
    hostServer.destroy();
    await Promise.all([channel.closed, hostChannel.closed]);
    return { how: "stopped" };
  };
  let stopped: Promise<unknown> | undefined;
  return {
    client: createClient(Specimen, faults.transport?.(channel.transport) ?? channel.transport),
    version: 1,
    closed: channel.closed,
    stop: () => (stopped ??= end()),
  };
}
