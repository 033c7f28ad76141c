import { describe } from "node:test";
import { MessageChannel, type TransferListItem, Worker } from "node:worker_threads";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type StreamEnds, streamCompliance } from "@tenon/testkit";
import { streamFromPort } from "@tenon/wire/port";

/** Both ends here: what the suite asks for needs its own server. */
async function overPorts(windowBytes?: number): Promise<StreamEnds> {
  const { port1, port2 } = new MessageChannel();
  const options = windowBytes === undefined ? {} : { windowBytes };
  return {
    client: streamFromPort(port1, options),
    server: streamFromPort(port2, options),
    close: async () => {},
  };
}

/** A thread in between, which passes everything on from one port to another. */
async function throughThread(): Promise<StreamEnds> {
  const [near, far] = [new MessageChannel(), new MessageChannel()];
  const ports = [near.port2, far.port2];
  const relay = new Worker(fileURLToPath(new URL("../../fixtures/relay-ports.js", import.meta.url)), {
    workerData: ports,
    transferList: ports as TransferListItem[],
  });
  const exited = once(relay, "exit");
  return {
    client: streamFromPort(near.port1),
    server: streamFromPort(far.port1),
    async close() {
      await relay.terminate();
      await exited;
    },
  };
}

describe("gRPC over message ports [WIRE-47] [WRK-11]", () => {
  streamCompliance("two ports", () => overPorts());
  streamCompliance("two ports with a small window", () => overPorts(4096), { largeBytes: 262_144 });
  streamCompliance("two ports and a thread between them", throughThread);
});
