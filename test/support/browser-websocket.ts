import type { WebSocketLike } from "@tenon/wire/websocket";
import type { WebSocket } from "ws";

/** What a web page can do with a WebSocket, and no more. */
export function asInBrowser(socket: WebSocket): WebSocketLike {
  return {
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      if (type !== "arraybuffer") throw new TypeError(`a browser has no binaryType ${type}`);
      socket.binaryType = type;
    },
    send(bytes) {
      // Copied at once, as in a browser.
      socket.send(Uint8Array.from(bytes));
    },
    close(code, reason) {
      if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new TypeError(`a browser sends no code ${code}`);
      socket.close(code, reason);
    },
    addEventListener(type: "message" | "error" | "close", listener: (event: never) => void) {
      socket.addEventListener(type as "message", (event) => {
        // A browser's error event says nothing.
        (listener as (event: unknown) => void)((type as string) === "error" ? {} : event);
      });
    },
  };
}
