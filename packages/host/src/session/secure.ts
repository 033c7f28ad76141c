import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { TenonError } from "@tenon/core";

/**
 * Runs TLS over a fresh connection. Its success does not
 * prove that the plugin accepted ours: with TLS 1.3 a refusal arrives later, with the first bytes read.
 *
 * @throws {@link TenonError} `tls-failed` with the reason as its cause; the signal's reason when it aborts
 */
export function secure(socket: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connect({ ...options, socket });
    const settle = (act: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      secured.off("secureConnect", onSecure);
      secured.off("error", onError);
      secured.off("close", onClose);
      act();
    };
    const fail = (why: string, cause?: unknown): void =>
      settle(() => {
        secured.on("error", () => {});
        secured.destroy();
        socket.destroy();
        reject(tlsFailed(why, cause));
      });
    const onSecure = (): void => {
      if (secured.alpnProtocol === "h2") settle(() => resolve(secured));
      else fail("the plugin's TLS does not offer HTTP/2 (ALPN h2)");
    };
    const onError = (error: Error): void =>
      fail(`the TLS handshake failed (${(error as NodeJS.ErrnoException).code ?? error.message})`, error);
    const onClose = (): void => fail("the plugin closed the connection during the TLS handshake");
    const onAbort = (): void =>
      settle(() => {
        secured.on("error", () => {});
        secured.destroy();
        socket.destroy();
        reject(signal.reason);
      });
    secured.once("secureConnect", onSecure);
    secured.once("error", onError);
    secured.once("close", onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** An error of the code `tls-failed`. */
export function tlsFailed(why: string, cause?: unknown): TenonError {
  return new TenonError(
    "tls-failed",
    `${why}. Something other than the plugin may answer at its address, or the plugin's TLS library is incompatible`,
    { cause },
  );
}
