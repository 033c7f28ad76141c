import { tmpdir } from "node:os";
import { createClient } from "@connectrpc/connect";
import { GRPCBroker, Health, type HealthCheckResponse_ServingStatus, TenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer, type Server } from "../server/server.js";
import { createCertificate } from "../tls/certificate.js";
import { pinnedTls } from "../tls/pinned.js";
import type { Broker } from "./broker.js";
import { type BrokerEnd, createBrokerEnd } from "./broker-end.js";
import { createMux, type Mux } from "./mux.js";
import { MuxPaths } from "./mux-paths.js";
import type { Outbox } from "./outbox.js";
import type { Paths } from "./paths.js";
import { secureClient } from "../tls/secure-client.js";
import { createTlsAcceptor } from "../tls/acceptor.js";
import { SocketPaths } from "./socket-paths.js";

/** How the two brokers of a pair are connected. */
export interface PairOptions {
  readonly mode: "sockets" | "mux";
  readonly tls?: boolean;
  readonly timeoutMs?: number;
  readonly network?: "unix" | "tcp";
}

/** The two brokers of one connection in this process. */
export interface BrokerPair {
  readonly host: Broker;
  readonly plugin: Broker;
  readonly hostEnd: BrokerEnd;
  readonly pluginEnd: BrokerEnd;
  /** Ends the host's broker stream without a word. */
  readonly breakStream: () => void;
  readonly close: () => Promise<void>;
}

/** As hosts and plugins have it: many handshakes at once take a second of a busy machine. */
const tlsTimeoutMs = 10_000;

/** Connects two brokers as host and plugin do. */
export async function connectBrokers(options: PairOptions): Promise<BrokerPair> {
  const { mode, timeoutMs = 5000, network = "unix" } = options;
  const [ours, theirs] = createDuplexPair();
  const [hostCertificate, pluginCertificate] = [createCertificate(), createCertificate()];
  const hostTls = options.tls ? pinnedTls(hostCertificate, pluginCertificate.der) : undefined;
  const pluginTls = options.tls ? pinnedTls(pluginCertificate, hostCertificate.der) : undefined;
  const listen = { network, tempDir: tmpdir(), minPort: 0, maxPort: 0, tlsTimeoutMs } as const;
  const makePaths =
    (tls: typeof hostTls, mux: Mux | undefined, owner: string) =>
    async (outbox: Outbox): Promise<Paths> =>
      mux === undefined
        ? new SocketPaths({ plugin: "kv", owner, outbox, listen, tls, keepMs: timeoutMs })
        : new MuxPaths({ plugin: "kv", mux, outbox, tls, tlsTimeoutMs, timeoutMs });

  const server = createServer();
  const accept = (stream: Parameters<Server["accept"]>[0]): void => server.accept(stream);
  const theirMux =
    mode === "mux"
      ? createMux(theirs, "server", pluginTls ? createTlsAcceptor(pluginTls, tlsTimeoutMs, accept) : accept)
      : undefined;
  const ourMux = mode === "mux" ? createMux(ours, "client") : undefined;
  const pluginEnd = createBrokerEnd({ plugin: "kv", timeoutMs, paths: makePaths(pluginTls, theirMux, "The plugin") });
  server.add(GRPCBroker, {
    async *startStream(requests) {
      void pluginEnd.read(requests);
      yield* pluginEnd.outgoing;
    },
  });
  if (mode === "sockets") accept(theirs);
  let main = ourMux === undefined ? ours : await ourMux.session.open();
  if (ourMux !== undefined && hostTls !== undefined) {
    main = await secureClient(main, hostTls, new AbortController().signal);
  }
  const channel = createChannel(main);
  const hostEnd = createBrokerEnd({ plugin: "kv", timeoutMs, paths: makePaths(hostTls, ourMux, "The host") });
  const breaking = new AbortController();
  void hostEnd.read(
    createClient(GRPCBroker, channel.transport).startStream(hostEnd.outgoing, { signal: breaking.signal }),
  );
  return {
    host: hostEnd.broker,
    plugin: pluginEnd.broker,
    hostEnd,
    pluginEnd,
    breakStream: () => breaking.abort(),
    async close() {
      const ended = new TenonError("broker-closed", "the test is over");
      for (const end of [hostEnd, pluginEnd]) end.destroy(ended);
      channel.destroy();
      server.destroy();
      for (const mux of [ourMux, theirMux]) mux?.session.destroy();
      await Promise.all([ourMux?.session.closed, theirMux?.session.closed]);
      for (const stream of [ours, theirs]) stream.destroy();
    },
  };
}

/** Serves health, which is a service that is always at hand. */
export const serveHealth =
  (status: HealthCheckResponse_ServingStatus = 1) =>
  (server: Server): void =>
    void server.add(Health, { check: () => ({ status }) });

/** Asks a channel for {@link serveHealth}. */
export async function askHealth(channel: { transport: Parameters<typeof createClient>[1] }): Promise<number> {
  return (await createClient(Health, channel.transport).check({})).status;
}
