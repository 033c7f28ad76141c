import type { Duplex } from "node:stream";
import { connect, createServer, type ConnectionOptions, type Server, type TlsOptions, type TLSSocket } from "node:tls";
import { onAbort } from "./abort.js";

/** Options for both ends of a TLS connection, such as `pinnedTls` makes. */
export type BrokerTls = Omit<TlsOptions, "pskCallback"> & Omit<ConnectionOptions, "pskCallback">;

/** Runs TLS, as client, over a byte stream. Rejects with an Error that says why; with the signal's reason when it aborts. */
export function secureClient(stream: Duplex, tls: BrokerTls, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connect({ ...tls, socket: stream });
    const settle = (act: () => void): void => {
      forget();
      secured.off("secureConnect", onSecure);
      secured.off("error", fail);
      secured.off("close", onClose);
      act();
    };
    const fail = (error: Error): void =>
      settle(() => {
        secured.on("error", () => {});
        secured.destroy();
        stream.destroy();
        reject(error);
      });
    const onSecure = (): void => {
      if (secured.alpnProtocol === "h2") settle(() => resolve(secured));
      else fail(new Error("the other side's TLS does not offer HTTP/2 (ALPN h2)"));
    };
    const onClose = (): void => fail(new Error("the other side closed the connection during the TLS handshake"));
    secured.once("secureConnect", onSecure);
    secured.once("error", fail);
    secured.once("close", onClose);
    let forget = (): void => {};
    forget = onAbort(signal, () => fail(signal.reason as Error));
  });
}

/**
 * Makes the server end of TLS for byte streams that are no sockets; each that has proved itself goes to `take`. It listens
 * nowhere, so it has no end of its own: a stream whose handshake is not done ends by itself, or after `timeoutMs`.
 */
export function createTlsAcceptor(
  tls: BrokerTls,
  timeoutMs: number,
  take: (secured: Duplex) => void,
): (stream: Duplex) => void {
  const server: Server = createServer({ ...tls, handshakeTimeout: timeoutMs }, take);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return (stream) => {
    // It may fail before TLS listens to it, and after TLS has let it go.
    stream.on("error", () => {});
    server.emit("connection", stream);
  };
}
