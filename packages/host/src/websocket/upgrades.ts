import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { TenonError } from "@tenon/core";
import { maxWebSocketMessageBytes, streamFromWebSocket } from "@tenon/wire/websocket";
import type { ServerOptions, WebSocketServer } from "ws";
import { isLoopback } from "../bind/address.js";
import { mayCome, type Origins } from "./origins.js";

/** What a plugin asks for, and gets. */
const subprotocol = "tenon.bind.v1";
/** How long the other side may take to answer a Close frame. */
const closeTimeoutMs = 1000;

/** What decides about requests, and who is told of those that are let in. */
export interface UpgradeRules {
  readonly origins: Origins;
  /** Whether a request may come from beyond this machine without TLS. */
  readonly isInsecure: boolean;
  /** Counts a connection; false where there are too many that are of no use. */
  readonly mayOpen: (socket: Socket) => boolean;
  /** A byte stream that is fit for HTTP/2, and the connection below it. */
  readonly onConnection: (stream: Duplex, socket: Socket) => void;
  /** Something other than the request is wrong. */
  readonly onFault: (error: unknown) => void;
}

/** Makes byte streams of requests for a WebSocket. */
export interface Upgrades {
  /** Loads the library. @throws TenonError `websocket-missing` */
  load(): Promise<void>;
  /** A request to a server of the user's. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A request to a server of ours, which has counted the connection; it must be for `path`. */
  accept(path: string, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes no further ones. */
  stop(): void;
}

export function createUpgrades({ origins, isInsecure, mayOpen, onConnection, onFault }: UpgradeRules): Upgrades {
  let loading: Promise<WebSocketServer> | undefined;
  let isStopped = false;
  const server = (): Promise<WebSocketServer> => (loading ??= createWebSocketServer());

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { origin, "sec-websocket-protocol": protocols = "" } = request.headers;
    if (isStopped) return refuse(socket, "503 Service Unavailable", "the host is about to end");
    if (!mayCome(origins, origin))
      return refuse(socket, "403 Forbidden", "pages of this origin may not dial in; see the option origins");
    if (!protocols.split(/\s*,\s*/).includes(subprotocol)) {
      return refuse(socket, "400 Bad Request", `this WebSocket is for the subprotocol ${subprotocol}`);
    }
    server().then(
      (webSockets) => {
        webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          onConnection(streamFromWebSocket(webSocket), socket as Socket);
        });
      },
      (error: unknown) => {
        onFault(error);
        refuse(socket, "500 Internal Server Error", "the host cannot take WebSockets");
      },
    );
  };

  return {
    load: async () => void (await server()),
    accept(path, request, socket, head) {
      if (request.url?.split("?")[0] === path) upgrade(request, socket, head);
      else refuse(socket, "404 Not Found", `plugins dial in at ${path}`);
    },
    handle(request, socket, head) {
      // There is no other listener until the library has its own.
      socket.on("error", () => {});
      const isSafe = isInsecure || socket instanceof TLSSocket || isLocalPeer(socket as Socket);
      if (!isSafe) refuse(socket, "403 Forbidden", "from beyond this machine it needs TLS, or the option insecure");
      else if (!mayOpen(socket as Socket))
        refuse(socket, "503 Service Unavailable", "too many connections are of no use yet; come again");
      else upgrade(request, socket, head);
    },
    stop() {
      isStopped = true;
    },
  };
}

async function createWebSocketServer(): Promise<WebSocketServer> {
  const library = await import("ws").catch((cause: unknown) => {
    throw new TenonError(
      "websocket-missing",
      "Plugins that dial in by WebSocket need the package ws: npm install ws.",
      {
        cause,
      },
    );
  });
  // Its types do not know closeTimeout yet.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxWebSocketMessageBytes,
    closeTimeout: closeTimeoutMs,
    handleProtocols: () => subprotocol,
  };
  return new library.WebSocketServer(options);
}

/** Without an address it is a unix socket. */
function isLocalPeer({ remoteAddress }: Socket): boolean {
  return remoteAddress === undefined || isLoopback(remoteAddress);
}

function refuse(socket: Duplex, status: string, reason: string): void {
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}
