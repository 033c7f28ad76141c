import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe } from "node:test";
import { type StreamEnds, streamCompliance } from "@tenon/testkit";
import { maxWebSocketMessageBytes, streamFromWebSocket, type WebSocketLike } from "@tenon/wire/websocket";
import { WebSocket, WebSocketServer } from "ws";
import { asInBrowser } from "../../support/browser-websocket.js";

const settings = { perMessageDeflate: false, maxPayload: maxWebSocketMessageBytes };

async function overWebSocket(dress: (socket: WebSocket) => WebSocketLike = (socket) => socket): Promise<StreamEnds> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const webSockets = new WebSocketServer({ ...settings, server });
  const accepted = once(webSockets, "connection") as Promise<[WebSocket]>;
  const near = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, settings);
  await once(near, "open");
  const [far] = await accepted;
  return {
    client: streamFromWebSocket(dress(near)),
    server: streamFromWebSocket(far),
    async close() {
      server.close();
      if (server.listening) await once(server, "close");
    },
  };
}

describe("gRPC over WebSockets [WIRE-47] [BIND-40]", () => {
  streamCompliance("a WebSocket", () => overWebSocket());
  streamCompliance("a WebSocket that does what a browser's does", () => overWebSocket(asInBrowser));
});
