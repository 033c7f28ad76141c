import type { Duplex } from "node:stream";
import { TenonError } from "@tenon/core";
import { streamFromWebSocket, type WebSocketLike } from "@tenon/wire/websocket";

interface GlobalWebSocket extends WebSocketLike {
  onopen: (() => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
}

/** Opens a WebSocket as a web page does. It does not say why it cannot: Rejects with `websocket-refused`. */
export function connectGlobalWebSocket(url: string, subprotocol: string, signal: AbortSignal): Promise<Duplex> {
  const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string, protocol: string) => GlobalWebSocket };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, subprotocol);
    const settle = (): void => {
      signal.removeEventListener("abort", abort);
      socket.onopen = null;
      socket.onclose = null;
    };
    const abort = (): void => {
      settle();
      socket.close(1000);
      reject(signal.reason);
    };
    socket.onopen = () => {
      settle();
      resolve(streamFromWebSocket(socket));
    };
    socket.onclose = ({ code }) => {
      settle();
      const advice = "nothing answers, or it takes no WebSocket, or not from this page (option origins of the host)";
      reject(
        new TenonError("websocket-refused", `No WebSocket could be opened at ${url} (${code}): ${advice}.`, {
          facts: { url },
        }),
      );
    };
    signal.addEventListener("abort", abort);
  });
}
