import type { Duplex } from "node:stream";

/**
 * Pumps bytes between a link and a plugin's socket, one for one; whichever reads slowly slows the other. The end of the link is the end of
 * the socket. Resolves when the socket is closed; what that means is for the caller to say.
 */
export function pump(link: Duplex, socket: Duplex): Promise<void> {
  for (const [from, to] of [
    [link, socket],
    [socket, link],
  ] as const) {
    // Each is closed after it, which is seen.
    from.on("error", () => {});
    from.pipe(to);
  }
  link.once("close", () => socket.destroy());
  if (link.destroyed) socket.destroy();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
}
