import { X509Certificate } from "node:crypto";
import type { Certificate } from "./certificate.js";

/** Options for `tls.connect` and for a `tls.TLSSocket` that is a server. */
export interface PinnedTlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly servername: "localhost";
  readonly minVersion: "TLSv1.2";
  readonly ALPNProtocols: ["h2"];
  readonly requestCert: true;
  readonly rejectUnauthorized: true;
}

/**
 * Mutual TLS between two ends that know each other's certificate and trust nothing else (go-plugin's AutoMTLS): at
 * least TLS 1.2, ALPN `h2`, server name `localhost`. `peer` is the other end's certificate, as PEM text or DER bytes too.
 * Throws when it is none. With TLS 1.3 a client learns only from its first call that a server refused it.
 */
export function pinnedTls(own: Certificate, peer: string | Uint8Array | X509Certificate): PinnedTlsOptions {
  return {
    cert: own.certPem,
    key: own.keyPem,
    ca: (peer instanceof X509Certificate ? peer : new X509Certificate(peer)).toString(),
    servername: "localhost",
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2"],
    requestCert: true,
    rejectUnauthorized: true,
  };
}
