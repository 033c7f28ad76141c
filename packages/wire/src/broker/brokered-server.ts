import type { Server } from "../server/server.js";
import type { BrokeredServer } from "./broker.js";
import type { Door } from "./paths.js";

/** An id that is served, as its broker sees it. */
export interface ServedId {
  readonly handle: BrokeredServer;
  /** Ends it at once. */
  destroy(): void;
}

/** How long a peer has to end its side of a connection once it got its answers, in milliseconds. */
const lingerMs = 80;

/** Makes the handle of a server whose door is open. */
export function createBrokeredServer(init: {
  readonly id: number;
  readonly server: Server;
  readonly door: Door;
  readonly onClosed: () => void;
}): ServedId {
  const { id, server, door, onClosed } = init;
  let settle!: () => void;
  const closed = new Promise<void>((resolve) => (settle = resolve));
  let state: "open" | "closing" | "closed" = "open";

  const finish = (): void => {
    if (state === "closed") return;
    state = "closed";
    server.destroy();
    door.destroy();
    onClosed();
    settle();
  };
  const close = async ({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> => {
    if (state === "open") {
      state = "closing";
      door.close();
      await server.close({ graceMs });
      // A peer that still writes loses what it has not read yet when its connection is destroyed under it.
      await door.remove(lingerMs);
      finish();
    }
    return closed;
  };
  const handle: BrokeredServer = { id, closed, close, [Symbol.asyncDispose]: () => close() };
  return { handle, destroy: finish };
}
