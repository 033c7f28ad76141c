import type { Duplex } from "node:stream";
import { createServer, type ConnectionOptions, type Server, type TlsOptions } from "node:tls";

/** Options for both ends of a TLS connection, such as `pinnedTls` makes. */
export type BrokerTls = Omit<TlsOptions, "pskCallback"> & Omit<ConnectionOptions, "pskCallback">;

/**
 * Makes the server end of TLS for byte streams; each that has proved itself goes to `take`. It listens nowhere, so it has no end of its
 * own: a stream whose handshake is not done ends by itself, or after `timeoutMs`, and `onRefused` is told. Throws when the options are no good.
 */
export function createTlsAcceptor(
  tls: BrokerTls,
  timeoutMs: number,
  take: (secured: Duplex) => void,
  onRefused: (error: Error) => void = () => {},
): (stream: Duplex) => void {
  const server: Server = createServer({ ...tls, handshakeTimeout: timeoutMs }, take);
  server.on("tlsClientError", (error, socket) => {
    socket.destroy();
    onRefused(error);
  });
  return (stream) => {
    // It may fail before TLS listens to it, and after TLS has let it go.
    stream.on("error", () => {});
    server.emit("connection", stream);
  };
}
