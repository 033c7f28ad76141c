import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Destroys a stream as a broken network would: over plain TCP the peer is sent RST, and not a proper end. */
export function resetStream(stream: Duplex, error: Error): void {
  // Node refuses it for unix sockets, which have no RST, and for TLS.
  if (stream instanceof Socket && stream.remoteFamily !== undefined && !("encrypted" in stream)) {
    stream.resetAndDestroy();
  }
  stream.destroy(error);
}
