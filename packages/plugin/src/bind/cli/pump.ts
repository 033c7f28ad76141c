import type { Duplex } from "node:stream";

/** The link's byte stream and the plugin's socket, of which each carries what the other reads. */
export interface Pump {
  /** Resolves when the socket is closed. */
  readonly socketClosed: Promise<void>;
  /** Milliseconds since the last byte went either way. */
  readonly quietMs: number;
}

/**
 * Pumps bytes between a link and a socket, one for one; whichever reads slowly slows the other. The end of the link is the end of the
 * socket; what the end of the socket means is for the caller to say.
 */
export function startPump(link: Duplex, socket: Duplex): Pump {
  let lastMs = performance.now();
  const seen = (): void => {
    lastMs = performance.now();
  };
  for (const [from, to] of [
    [link, socket],
    [socket, link],
  ] as const) {
    from.on("data", seen);
    // Each is closed after it, which is seen.
    from.on("error", () => {});
    from.pipe(to);
  }
  link.once("close", () => socket.destroy());
  if (link.destroyed) socket.destroy();
  return {
    socketClosed: new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve());
    }),
    get quietMs() {
      return performance.now() - lastMs;
    },
  };
}
