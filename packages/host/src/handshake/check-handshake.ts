import { X509Certificate } from "node:crypto";
import { acceptVersion, type HandshakeLine, parseHandshakeLine, splitTcpAddress, TenonError } from "@tenon/core";

/** What the host's side of the handshake expects. */
export interface HandshakeExpectation {
  readonly plugin: string;
  /** Versions of the contract. */
  readonly versions: readonly number[];
  /** Whether the host sent a certificate. */
  readonly autoMtls: boolean;
  readonly platform: NodeJS.Platform;
}

/** Where and how to reach the plugin. */
export type PluginAddress =
  | { readonly network: "unix"; readonly path: string }
  | { readonly network: "tcp"; readonly host: string; readonly port: number };

/** A handshake that passed every check. */
export interface Handshake {
  readonly version: number;
  readonly address: PluginAddress;
  /** The plugin's certificate; undefined where the connection is plaintext. */
  readonly certificate: X509Certificate | undefined;
}

/** Longest path of a unix socket in bytes: the system's field less its final NUL. */
export function maxSocketPathBytes(platform: NodeJS.Platform): number {
  return platform === "linux" ? 107 : 103;
}

/**
 * Checks the first line of a plugin, in the order of the fields.
 *
 * @throws {@link TenonError} the codes of `parseHandshakeLine`, `version-mismatch`, `transport-unsupported` for net/rpc,
 *   `socket-path-too-long`, `address-invalid` for a TCP address that is not on this machine, `tls-missing`, `tls-failed` for a
 *   certificate nobody asked for, `certificate-invalid`
 */
export function checkHandshake(text: string, expected: HandshakeExpectation): Handshake {
  const line = parseHandshakeLine(text);
  const version = acceptVersion(expected.versions, line.appVersion, expected.plugin);
  const address = checkAddress(line, expected.platform);
  if (line.transport !== "grpc") {
    throw new TenonError(
      "transport-unsupported",
      "The plugin offers its services by net/rpc, which exists in Go only. Use a build of the plugin that serves gRPC.",
      { facts: { transport: line.transport } },
    );
  }
  return { version, address, certificate: checkCertificate(line, expected.autoMtls) };
}

/** The absolute path of the socket that a line names, even where the line is no good otherwise. */
export function findSocketPath(text: string): string | undefined {
  const [, , network, path] = text.trim().split("|");
  return network === "unix" && path?.startsWith("/") ? path : undefined;
}

function checkAddress(line: HandshakeLine, platform: NodeJS.Platform): PluginAddress {
  if (line.network === "tcp") {
    const { host, port } = splitTcpAddress(line.address);
    if (!isLoopback(host)) {
      throw new TenonError(
        "address-invalid",
        `The plugin gave the TCP address ${JSON.stringify(line.address)}, which is not on this machine. ` +
          "A plugin process must listen on a loopback address.",
        { facts: { address: line.address } },
      );
    }
    return { network: "tcp", host, port };
  }
  const bytes = Buffer.byteLength(line.address);
  const most = maxSocketPathBytes(platform);
  if (bytes > most) {
    // Connecting would silently use a truncated path, and so reach another socket or none.
    throw new TenonError(
      "socket-path-too-long",
      `The plugin's socket path has ${bytes} bytes; the system allows ${most}. ` +
        "Give the plugin a shorter directory through socketDir or TMPDIR.",
      { facts: { address: line.address, bytes, maxBytes: most } },
    );
  }
  return { network: "unix", path: line.address };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function checkCertificate(line: HandshakeLine, autoMtls: boolean): X509Certificate | undefined {
  if (line.certificate === undefined) {
    if (!autoMtls) return undefined;
    throw new TenonError(
      "tls-missing",
      "The host asked for mutual TLS and the plugin answered without a certificate, which means plaintext. " +
        "Update the plugin's library, or start it with autoMtls: false.",
    );
  }
  if (!autoMtls) {
    throw new TenonError(
      "tls-failed",
      "The plugin sent a certificate although the host did not ask for TLS. Start it with autoMtls: true.",
    );
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(line.certificate, "base64"));
  } catch (cause) {
    throw new TenonError(
      "certificate-invalid",
      "The certificate in the plugin's handshake line is no X.509 certificate in DER form.",
      { cause },
    );
  }
  const now = Date.now();
  if (now > Date.parse(certificate.validTo) || now < Date.parse(certificate.validFrom)) {
    throw new TenonError(
      "certificate-invalid",
      `The plugin's certificate is valid from ${certificate.validFrom} to ${certificate.validTo} only; ` +
        `this machine's clock says ${new Date(now).toISOString()}.`,
      { facts: { validFrom: certificate.validFrom, validTo: certificate.validTo } },
    );
  }
  return certificate;
}
