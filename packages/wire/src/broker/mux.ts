import type { Duplex } from "node:stream";
import { createYamuxSession } from "../yamux/session.js";
import type { YamuxStream } from "../yamux/stream.js";
import type { YamuxSession } from "../yamux/yamux-session.js";

/** The yamux session that carries the main channel and every brokered one. */
export interface Mux {
  readonly session: YamuxSession;
  /** Asked first about each stream of the peer: whether it was one for a broker, which then has it. */
  admit: ((stream: YamuxStream) => boolean) | undefined;
}

/** Streams that one session can have from its peer at once; go-plugin has no limit, and each is a channel. */
const maxStreams = 65_536;
/** The least, 256 KiB, would put a bound of its own to what HTTP/2 has in flight on a stream, and update it four times as often. */
const streamWindowBytes = 1024 * 1024;

/**
 * Runs yamux over the one connection of host and plugin, of which the host is the client. A stream that came without a
 * knock goes to `onMain`: the plugin's main server. The host has none, and resets it.
 */
export function createMux(stream: Duplex, role: "client" | "server", onMain?: (stream: Duplex) => void): Mux {
  const session = createYamuxSession(stream, {
    role,
    maxStreams,
    streamWindowBytes,
    onStream: (incoming) => {
      // It may fail while nobody listens to it yet, or any more.
      incoming.on("error", () => {});
      if (mux.admit?.(incoming) === true) return;
      if (onMain === undefined) incoming.destroy();
      else onMain(incoming);
    },
  });
  const mux: Mux = { session, admit: undefined };
  return mux;
}
