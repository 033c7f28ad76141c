import { parseHandshakeLine, TenonError } from "@tenon/core";

/** A handshake of a plugin that has no address: the bytes of the channel follow the line. */
export interface StreamHandshake {
  /** As the plugin said; the start compares it with the contract. */
  readonly version: number;
  /** Whether the bytes are yamux. */
  readonly multiplex: boolean;
}

/**
 * Checks the line of a plugin that was asked to do without a socket.
 *
 * @throws {@link TenonError} the codes of `parseHandshakeLine`, `transport-mismatch` among them, `transport-unsupported` for net/rpc,
 *   `tls-failed` for a certificate
 */
export function checkStreamLine(text: string): StreamHandshake {
  const line = parseHandshakeLine(text, "stdio");
  if (line.transport !== "grpc") {
    throw new TenonError(
      "transport-unsupported",
      "The plugin offers its services by net/rpc, which exists in Go only. Use a build of the plugin that serves gRPC.",
      { facts: { transport: line.transport } },
    );
  }
  if (line.certificate !== undefined) {
    throw new TenonError(
      "tls-failed",
      "The plugin sent a certificate, and there is no TLS where there is no socket. Update the plugin's library.",
    );
  }
  return { version: line.appVersion, multiplex: line.multiplex === true };
}
