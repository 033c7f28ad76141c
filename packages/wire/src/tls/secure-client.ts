import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { onAbort } from "../streams/on-abort.js";

/**
 * Runs TLS, as its client, over a connected byte stream, and resolves when the handshake is done and HTTP/2 was agreed on (ALPN `h2`).
 * That does not prove that the server took our certificate: with TLS 1.3 a refusal comes later, with the first bytes that are read.
 *
 * Rejects with an Error that says why, of TLS or of the system (with its `code`); with the signal's reason when it aborts before. The
 * stream is destroyed then.
 */
export function secureClient(stream: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connect({ ...options, socket: stream });
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
