import type { ConnectionOptions } from "node:tls";
import { GRPCBroker, TenonError } from "@tenon/core";
import { createClient } from "@tenon/wire";
import { type Broker, type BrokerTls, createBrokerEnd, type Outbox, type Paths } from "@tenon/wire/broker";
import type { Mux } from "@tenon/wire/broker-mux";
import { hostProcess } from "../launch/host-process.js";
import type { InstanceChannel, NetworkAddress } from "../launch/launcher.js";
import type { AddressTranslation } from "../launch/plugin-process.js";

/** How long a TLS handshake of the plugin may take, in milliseconds. */
const tlsTimeoutMs = 10_000;

/** What the host's end of a broker is made of. */
export interface HostBrokerRequest {
  readonly plugin: string;
  readonly channel: InstanceChannel;
  /** The session that carries everything; undefined where each channel has a socket of its own. */
  readonly mux: Mux | undefined;
  /** TLS of the connection, which is that of brokered ones too. */
  readonly tls: ConnectionOptions | undefined;
  readonly timeoutMs: number;
  /** Where the plugin makes its sockets: the host's go beside them. */
  readonly socketDir: string | undefined;
  readonly socketGroup: string | undefined;
  readonly addresses: AddressTranslation;
  /** Takes the broker's stream, which is a call on the channel until it settles. */
  readonly onStream: (stream: Promise<void>) => void;
  /** Whether the plugin may be on another machine. */
  readonly mayBeElsewhere: boolean;
}

/**
 * Makes the broker of a connection and begins its stream. It ends with the connection. A plugin without that service loses nothing
 * else: whoever uses the broker gets `broker-closed`, with the plugin's answer as its cause.
 */
export function openBroker(request: HostBrokerRequest): Broker {
  const { plugin, channel, timeoutMs } = request;
  const end = createBrokerEnd({ plugin, timeoutMs, paths: (outbox) => makePaths(request, outbox) });
  const ending = new AbortController();
  request.onStream(
    end.read(createClient(GRPCBroker, channel.transport).startStream(end.outgoing, { signal: ending.signal })),
  );
  void channel.closed.then(({ message, cause }) => {
    end.destroy(
      new TenonError("broker-closed", `The connection to the plugin "${plugin}" has ended: ${message}.`, {
        plugin,
        cause,
      }),
    );
    ending.abort();
  });
  return end.broker;
}

async function makePaths(request: HostBrokerRequest, outbox: Outbox): Promise<Paths> {
  const { plugin, mux, timeoutMs, socketDir, socketGroup, addresses, mayBeElsewhere } = request;
  const owner = `The host of the plugin "${plugin}"`;
  const { pskCallback: _, ...ours } = request.tls ?? {};
  const tls: BrokerTls | undefined = request.tls && { ...ours, requestCert: true, rejectUnauthorized: true };
  if (mux !== undefined) {
    const { MuxPaths } = await import("@tenon/wire/broker-mux");
    return new MuxPaths({ plugin, mux, outbox, tls, tlsTimeoutMs, timeoutMs });
  }
  const { SocketPaths } = await import("@tenon/wire/broker-sockets");
  const network = hostProcess.platform === "win32" ? "tcp" : "unix";
  const isShared = network === "unix" && socketGroup !== undefined;
  const listen = {
    network,
    socketDir,
    tempDir: hostProcess.environment()["TMPDIR"],
    groupId: isShared ? await findGroup(socketGroup, plugin, owner) : undefined,
    minPort: 0,
    maxPort: 0,
    tlsTimeoutMs,
  } as const;
  return new SocketPaths({
    plugin,
    owner,
    outbox,
    listen,
    tls,
    keepMs: timeoutMs,
    addresses: {
      toPeer: (address) => addresses.toPlugin(address),
      toUs: (announced) => addresses.toHost(announced as NetworkAddress),
    },
    mayBeElsewhere,
  });
}

async function findGroup(group: string, plugin: string, owner: string): Promise<number> {
  const { findGroupId } = await import("@tenon/wire/listen");
  return findGroupId(group, plugin, owner);
}
