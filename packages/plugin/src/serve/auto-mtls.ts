import { TenonError } from "@tenon/core";
import type { BrokerTls } from "@tenon/wire/broker";
import { createCertificate, pinnedTls } from "@tenon/wire/tls";

/** What the plugin's half of AutoMTLS consists of. */
export interface AutoMtls {
  /** For both ends: a plugin is the client of what a host serves through the broker. */
  readonly options: BrokerTls;
  /** For the handshake line: base64 of the DER bytes, without padding. */
  readonly certificate: string;
}

/**
 * Makes a certificate for this one run, and the options of a TLS server that lets in nobody but the holder of the host's
 * certificate.
 *
 * @param hostPem - the value of `PLUGIN_CLIENT_CERT`
 * @throws {@link TenonError} `certificate-invalid` when it cannot be read. A Go plugin goes on and refuses every
 *   connection; failing at once says why.
 */
export function createAutoMtls(hostPem: string, plugin: string): AutoMtls {
  const own = createCertificate();
  try {
    return { options: pinnedTls(own, hostPem), certificate: own.der.toString("base64").replace(/=+$/, "") };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TenonError(
      "certificate-invalid",
      `The plugin "${plugin}" cannot read the host's certificate in PLUGIN_CLIENT_CERT: ${why}. ` +
        "A host puts one certificate in PEM there, line breaks included.",
      { plugin, cause: error },
    );
  }
}
