import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from "node:tls";
import { TenonError } from "@tenon/core";
import { formatWebSocketAddress } from "../websocket/address.js";
import type { Upgrades } from "../websocket/upgrades.js";
import type { ListenAddress } from "./address.js";

type SocketAddress = Exclude<ListenAddress, { network: "none" }>;

/** A server socket that is open. */
export interface OpenListener {
  /** In the form of `ListenOptions.address`, with the real port. */
  readonly address: string;
  /** Takes no further connections, and removes its socket. */
  stop(): void;
}

/** Who is told of connections. */
export interface ListenHandlers {
  /** A connection that is fit for HTTP/2: with TLS, after its handshake. */
  readonly onConnection: (socket: Socket) => void;
  /** One that has come and can be refused before anything is spent on it: false closes it. */
  readonly mayOpen: (socket: Socket) => boolean;
  /** One whose TLS handshake has failed. */
  readonly onUnfit: (why: string, socket: Socket) => void;
}

/**
 * Opens the socket on which plugins dial in. A unix socket is for its owner alone; one that nobody listens on any more is replaced.
 *
 * @throws TenonError `listen-failed`, `websocket-missing`
 */
export async function openListener(
  address: ListenAddress,
  tls: TlsOptions | undefined,
  tlsTimeoutMs: number,
  handlers: ListenHandlers,
  upgrades: Upgrades,
): Promise<OpenListener> {
  if (address.network === "none" || address.network === "ws") await upgrades.load();
  if (address.network === "none") return { address: "none", stop() {} };
  const onSocket = (socket: Socket): void => {
    // Those who use it are told by its streams; without a listener here an error would end the process.
    socket.on("error", () => {});
    if (!handlers.mayOpen(socket)) socket.destroy();
  };
  const onReady = (socket: Socket): void => {
    socket.on("error", () => {});
    if (isFit(socket)) {
      handlers.onConnection(socket);
      return;
    }
    handlers.onUnfit(whyUnfit(socket), socket);
    socket.destroy();
  };
  let server: Server;
  if (address.network === "ws") {
    const { createUpgradeServer } = await import("../websocket/upgrade-server.js");
    const { mayOpen } = handlers;
    server = createUpgradeServer(address, tls, { mayOpen, isFit, timeoutMs: tlsTimeoutMs, upgrades });
  } else if (tls === undefined) {
    server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
      onSocket(socket);
      if (!socket.destroyed) onReady(socket);
    });
  } else {
    server = createTlsServer({ ...tls, noDelay: true, keepAlive: true, handshakeTimeout: tlsTimeoutMs }, onReady);
    server.on("connection", onSocket);
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      handlers.onUnfit(whyUnfit(socket, error), socket);
      socket.destroy();
    });
  }
  server.on("error", () => {});
  try {
    await listen(server, address);
  } catch (cause) {
    const where = address.network === "unix" ? address.path : `${address.host}:${address.port}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenonError("listen-failed", `The host cannot listen at ${where}: ${why}.`, { cause, facts: { where } });
  }
  return {
    address: nameOf(server, address),
    stop() {
      if (server.listening) server.close();
    },
  };
}

/** A client that shows a certificate which nobody vouches for is worse than one without. */
function isFit(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket)) return true;
  return socket.authorized || Object.keys(socket.getPeerCertificate()).length === 0;
}

/** Node destroys a socket whose certificate it does not accept, and then speaks of a reset. */
function whyUnfit(socket: Socket, error?: NodeJS.ErrnoException): string {
  const refused = socket instanceof TLSSocket ? (socket.authorizationError as unknown) : undefined;
  if (refused instanceof Error || typeof refused === "string") {
    return `its client certificate is not accepted (${refused instanceof Error ? refused.message : refused})`;
  }
  return `its TLS handshake failed (${error?.code ?? error?.message ?? "unknown"})`;
}

async function listen(server: Server, address: SocketAddress): Promise<void> {
  if (address.network !== "unix") return listenOnce(server, { host: address.host, port: address.port });
  try {
    await listenOnce(server, { path: address.path });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || !(await isAbandoned(address.path))) throw error;
    unlinkSync(address.path);
    await listenOnce(server, { path: address.path });
  }
  chmodSync(address.path, 0o600);
}

function listenOnce(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...where, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Whether it is a socket that a host left behind. */
async function isAbandoned(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

function nameOf(server: Server, address: SocketAddress): string {
  if (address.network === "unix") return `unix:${address.path}`;
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  const name = address.host.includes(":") ? `[${address.host}]:${port}` : `${address.host}:${port}`;
  return address.network === "ws" ? formatWebSocketAddress(address, name) : name;
}
