import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { type BrokerTls, createBrokerEnd, hostServicesId } from "@tenon/wire/broker";
import type { Server, ServerOptions } from "@tenon/wire/server";
import { ConnectionBroker } from "./connection-broker.js";

/** What all connections of a plugin have in common. */
export interface ConnectionsInit {
  readonly plugin: string;
  readonly server: Server;
  /** Options of the servers that a broker makes. */
  readonly serverOptions: ServerOptions | undefined;
  readonly tls: BrokerTls | undefined;
  readonly tlsTimeoutMs: number;
  readonly brokerTimeoutMs: number;
  /** Whether the host has one connection for everything. */
  readonly multiplex: boolean;
  /** What the sockets of a broker keep to; undefined where there may be none, and then only a multiplexed connection has a broker. */
  readonly sockets:
    | { readonly groupId: number | undefined; readonly minPort: number; readonly maxPort: number }
    | undefined;
}

/** The connections of hosts, each with a broker of its own. */
export interface Connections {
  /** Takes what the listener has accepted: fit for HTTP/2, or for yamux where one connection has to carry everything. */
  accept(stream: Duplex): void;
  /** Where the listener is: brokered sockets go beside its own. */
  listensAt(network: "unix" | "tcp", address: string): void;
  /** Calls of hosts that are open for as long as their brokers are. */
  readonly brokerStreams: number;
  /** Ends the brokers: their streams at once, their channels when what is in flight has ended, or after `graceMs`. */
  close(graceMs: number): Promise<void>;
  /** Tells multiplexed hosts that nothing follows, once the server has drained. */
  finish(lingerMs: number): void;
  /** Ends the brokers with all they opened, at once. */
  destroy(): void;
}

/** Creates the keeper of connections; what multiplexed ones need is loaded here. */
export async function createConnections(init: ConnectionsInit): Promise<Connections> {
  const { plugin, server, serverOptions, tls, tlsTimeoutMs, brokerTimeoutMs: timeoutMs } = init;
  const multiplexed = init.multiplex ? await import("@tenon/wire/broker-mux") : undefined;
  const brokers = new Set<ConnectionBroker>();
  const sessions = new Set<{ close(options: { graceMs: number }): unknown }>();
  let place: { network: "unix" | "tcp"; socketDir: string | undefined } | undefined;

  const watch = (stream: Duplex, broker: ConnectionBroker): void => {
    brokers.add(broker);
    stream.once("close", () => {
      brokers.delete(broker);
      broker.destroy();
    });
  };

  const acceptPlain = (stream: Duplex): void => {
    const { sockets } = init;
    if (sockets === undefined) return server.accept(stream);
    const broker = new ConnectionBroker(plugin, (contextValues) =>
      createBrokerEnd({
        plugin,
        timeoutMs,
        server: serverOptions,
        contextValues,
        paths: async (outbox) => {
          const { SocketPaths } = await import("@tenon/wire/broker-sockets");
          return new SocketPaths({
            plugin,
            owner: `The plugin "${plugin}"`,
            outbox,
            tls,
            keepMs: timeoutMs,
            // The host serves them from the first moment on, and the plugin may need them late.
            lastingId: hostServicesId,
            listen: {
              network: place?.network ?? "unix",
              socketDir: place?.socketDir,
              ...sockets,
              tlsTimeoutMs,
            },
          });
        },
      }),
    );
    watch(stream, broker);
    server.accept(stream, broker);
  };

  const acceptMultiplexed = (stream: Duplex): void => {
    const { createMux, createTlsAcceptor, MuxPaths } = multiplexed!;
    const accept = (main: Duplex): void => server.accept(main, broker);
    const secured = tls === undefined ? accept : createTlsAcceptor(tls, tlsTimeoutMs, accept);
    const mux = createMux(stream, "server", secured);
    const broker = new ConnectionBroker(plugin, (contextValues) =>
      createBrokerEnd({
        plugin,
        timeoutMs,
        server: serverOptions,
        contextValues,
        paths: async (outbox) => new MuxPaths({ plugin, mux, outbox, tls, tlsTimeoutMs, timeoutMs }),
      }),
    );
    watch(stream, broker);
    sessions.add(mux.session);
    void mux.session.closed.then(() => sessions.delete(mux.session));
  };

  return {
    accept: multiplexed === undefined ? acceptPlain : acceptMultiplexed,
    listensAt(network, address) {
      place = { network, socketDir: network === "unix" ? dirname(address) : undefined };
    },
    get brokerStreams() {
      return [...brokers].filter(({ isAttached }) => isAttached).length;
    },
    async close(graceMs) {
      await Promise.all([...brokers].map((broker) => broker.close(graceMs)));
    },
    finish(lingerMs) {
      for (const session of sessions) session.close({ graceMs: lingerMs });
    },
    destroy() {
      for (const broker of brokers) broker.destroy();
    },
  };
}
