import type { NetConnectOpts, Socket } from "node:net";
import { onAbort } from "../streams/on-abort.js";
import { connectSocket } from "./connect-socket.js";

/**
 * Connects to a unix socket or a port, once, and resolves when the connection stands. The socket is the caller's from then on, also
 * its `error` event. What {@link connectSocket} says of reading holds for it too.
 *
 * Rejects with the system's error, such as `ECONNREFUSED`; with the signal's reason when it aborts before, and nothing is left open.
 */
export function openSocket(options: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(options);
    const settle = (act: () => void): void => {
      forget();
      socket.off("connect", onConnect);
      socket.off("error", onError);
      act();
    };
    const onConnect = (): void => settle(() => resolve(socket));
    const onError = (error: Error): void => settle(() => reject(error));
    socket.once("connect", onConnect);
    socket.once("error", onError);
    let forget = (): void => {};
    forget = onAbort(signal, () =>
      settle(() => {
        socket.on("error", () => {});
        socket.destroy();
        reject(signal.reason);
      }),
    );
  });
}
