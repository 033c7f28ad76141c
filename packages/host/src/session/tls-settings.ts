import { createSecureContext, type ConnectionOptions } from "node:tls";
import { checkKeys, invalidOption } from "../options/check.js";

/**
 * Certificates and keys of the application's own, for a plugin that is given its part as well; both sides check each other. The names
 * are Node's. go-plugin: `TLSConfig`.
 */
export type TlsSettings = Pick<
  ConnectionOptions,
  "ca" | "cert" | "key" | "passphrase" | "pfx" | "crl" | "servername" | "minVersion" | "checkServerIdentity"
>;

const keys = [
  "ca",
  "cert",
  "key",
  "passphrase",
  "pfx",
  "crl",
  "servername",
  "minVersion",
  "checkServerIdentity",
] as const satisfies readonly (keyof TlsSettings)[];

/** Checks TLS settings by making a context of them, and fills in ALPN and server name. @throws TenonError `option-invalid` */
export function parseTlsSettings(option: string, settings: TlsSettings | undefined): ConnectionOptions | undefined {
  if (settings === undefined) return undefined;
  checkKeys(option, settings, keys);
  const complete: ConnectionOptions = {
    servername: "localhost",
    minVersion: "TLSv1.2",
    ...settings,
    ALPNProtocols: ["h2"],
  };
  try {
    createSecureContext(complete);
  } catch (error) {
    throw invalidOption(
      option,
      `Node makes no TLS context of it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return Object.freeze(complete);
}
