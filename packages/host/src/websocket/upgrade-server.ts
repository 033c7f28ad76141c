import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import type { WebSocketAddress } from "./address.js";
import type { Upgrades } from "./upgrades.js";

/** Who is asked about connections. */
export interface UpgradeServerInit {
  /** As of `ListenHandlers`. */
  readonly mayOpen: (socket: Socket) => boolean;
  /** Whether it may be spoken to, after its TLS handshake. */
  readonly isFit: (socket: Socket) => boolean;
  /** For the TLS handshake, and then for the request. */
  readonly timeoutMs: number;
  readonly upgrades: Upgrades;
}

/** An HTTP server, not listening yet, for nothing but requests for a WebSocket at one path. */
export function createUpgradeServer(
  address: WebSocketAddress,
  tls: TlsOptions | undefined,
  init: UpgradeServerInit,
): Server {
  const { mayOpen, isFit, timeoutMs, upgrades } = init;
  const common = { noDelay: true, keepAlive: true };
  const server =
    tls === undefined
      ? createServer(common)
      : createTlsServer({ ...tls, ...common, ALPNProtocols: ["http/1.1"], handshakeTimeout: timeoutMs });
  const deadlines = new WeakMap<object, NodeJS.Timeout>();
  server.on("connection", (socket: Socket) => {
    if (!mayOpen(socket)) socket.destroy();
  });
  server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    socket.on("error", () => {});
    if (!isFit(socket)) socket.destroy();
    if (socket.destroyed) return;
    // Node's own limits of HTTP are looked at every 30 s.
    const deadline = setTimeout(() => socket.destroy(), timeoutMs);
    deadlines.set(socket, deadline);
    socket.once("close", () => clearTimeout(deadline));
  });
  server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("request", (_request, response) => {
    response.writeHead(426, { Connection: "close, upgrade", Upgrade: "websocket", "Content-Type": "text/plain" });
    response.end("plugins dial in here by WebSocket");
  });
  server.on("upgrade", (request, socket, head) => {
    clearTimeout(deadlines.get(socket));
    upgrades.accept(address.path, request, socket, head);
  });
  return server;
}
