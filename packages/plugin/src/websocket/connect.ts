import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TenonError } from "@tenon/core";
import { maxWebSocketMessageBytes, streamFromWebSocket } from "@tenon/wire/websocket";
import type { ClientOptions, WebSocket } from "ws";
import type { BindTlsSettings } from "../bind/options.js";
import type { WebSocketAddress } from "./address.js";
import { connectGlobalWebSocket } from "./connect-global.js";
import { refusedUpgrade } from "./refused-upgrade.js";
import type { BindWebSocketSettings } from "./settings.js";

const subprotocol = "tenon.bind.v1";
/** How long the host may take to answer a Close frame. */
const closeTimeoutMs = 1000;

/**
 * Opens a WebSocket, by the package `ws`, or by the WebSocket that browsers and newer runtimes have where that is not there and nothing is
 * set that it cannot do. Rejects with `websocket-refused`, `websocket-missing`, or what the system or TLS says.
 */
export async function connectWebSocket(
  { url }: WebSocketAddress,
  tls: BindTlsSettings | undefined,
  settings: BindWebSocketSettings,
  signal: AbortSignal,
): Promise<Duplex> {
  // In the bundle of a web page the package is there, and empty.
  const LibraryWebSocket = (await import("ws").catch(() => undefined))?.WebSocket;
  signal.throwIfAborted();
  if (LibraryWebSocket === undefined) {
    const needsLibrary = tls !== undefined || settings.agent !== undefined || settings.headers !== undefined;
    if (!needsLibrary && "WebSocket" in globalThis) return connectGlobalWebSocket(url, subprotocol, signal);
    throw new TenonError("websocket-missing", `To dial in at ${url} the plugin needs the package ws: npm install ws.`);
  }
  // Its types do not know closeTimeout yet.
  const options: ClientOptions & { readonly closeTimeout: number } = {
    minVersion: "TLSv1.2",
    ...tls,
    ...settings,
    rejectUnauthorized: true,
    perMessageDeflate: false,
    maxPayload: maxWebSocketMessageBytes,
    closeTimeout: closeTimeoutMs,
  };
  return opened(new LibraryWebSocket(url, subprotocol, options), url, signal);
}

function opened(socket: WebSocket, url: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      settle();
      // What its end says now is known.
      socket.on("error", () => {}).terminate();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: Error): void => fail(explain(error, url));
    const onResponse = (_request: ClientRequest, response: IncomingMessage): void => {
      void refusedUpgrade(url, response).then(fail);
    };
    const onOpen = (): void => {
      settle();
      resolve(streamFromWebSocket(socket));
    };
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError).off("unexpected-response", onResponse).off("open", onOpen);
    };
    signal.addEventListener("abort", onAbort);
    socket.on("error", onError).on("unexpected-response", onResponse).on("open", onOpen);
  });
}

/** The system's errors and those of TLS have codes; the library's have none, and those of Node's HTTP parser are known by theirs. */
function explain(error: NodeJS.ErrnoException, url: string): Error {
  if (error.code !== undefined && !error.code.startsWith("HPE_")) return error;
  return new TenonError(
    "websocket-refused",
    `What answers at ${url} does not speak the WebSocket of a host: ${error.message}.`,
    {
      facts: { url },
      cause: error,
    },
  );
}
