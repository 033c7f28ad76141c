import { X509Certificate } from "node:crypto";
import {
  acceptVersion,
  type HandshakeLine,
  parseHandshakeLine,
  type ReattachDescriptor,
  splitTcpAddress,
  TenonError,
} from "@tenon/core";
import type { NetworkAddress } from "../launch/launcher.js";

/** What the host's side of the handshake expects. */
export interface HandshakeExpectation {
  readonly plugin: string;
  /** Versions of the contract. */
  readonly versions: readonly number[];
  /** Whether the host sent a certificate. */
  readonly autoMtls: boolean;
  /** Whether the host asked for one connection for everything; `"prefer"` does without where the plugin cannot. Default false. */
  readonly multiplex?: boolean | "prefer";
  readonly platform: NodeJS.Platform;
  /** Turns an address of the plugin into one of the host. Default: they are the same. */
  readonly toHost?: (address: NetworkAddress) => NetworkAddress;
  /** Whether the plugin may be on another machine. Default false. */
  readonly mayBeElsewhere?: boolean;
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
  /** Whether one connection carries everything. */
  readonly multiplex: boolean;
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
 *   certificate nobody asked for, `certificate-invalid`, `multiplex-unsupported`
 */
export function checkHandshake(text: string, expected: HandshakeExpectation): Handshake {
  const line = parseHandshakeLine(text);
  const version = acceptVersion(expected.versions, line.appVersion, expected.plugin);
  const address = checkAddress(translate(line, expected.toHost), expected.platform, expected.mayBeElsewhere === true);
  if (line.transport !== "grpc") {
    throw new TenonError(
      "transport-unsupported",
      "The plugin offers its services by net/rpc, which exists in Go only. Use a build of the plugin that serves gRPC.",
      { facts: { transport: line.transport } },
    );
  }
  const certificate = checkCertificate(line, expected.autoMtls);
  return { version, address, certificate, multiplex: checkMultiplex(line, expected.multiplex ?? false) };
}

/** The absolute path of the socket that a line names, as the host sees it, even where the line is no good otherwise. */
export function findSocketPath(text: string, toHost?: HandshakeExpectation["toHost"]): string | undefined {
  const [, , network, path] = text.trim().split("|");
  if (network !== "unix" || !path?.startsWith("/")) return undefined;
  const seen = translate({ network, address: path }, toHost);
  return seen.network === "unix" ? seen.address : undefined;
}

function translate(address: NetworkAddress, toHost: HandshakeExpectation["toHost"]): NetworkAddress {
  return toHost === undefined ? address : toHost({ network: address.network, address: address.address });
}

/**
 * Checks an address on the host's side.
 *
 * @throws {@link TenonError} `socket-path-too-long`, `address-invalid`
 */
export function checkAddress(line: NetworkAddress, platform: NodeJS.Platform, mayBeElsewhere: boolean): PluginAddress {
  if (line.network === "tcp") {
    const { host, port } = splitTcpAddress(line.address);
    if (!isLoopback(host) && !mayBeElsewhere) {
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

function checkMultiplex(line: HandshakeLine, wanted: boolean | "prefer"): boolean {
  // A plugin that was not asked says nothing of worth: it does not do it.
  if (wanted === false) return false;
  if (line.multiplex === true || wanted === "prefer") return line.multiplex === true;
  throw new TenonError(
    "multiplex-unsupported",
    `The host asked for one connection for everything and the plugin ${
      line.multiplex === undefined ? "does not know of that: go-plugin has it since v1.6.0" : "answered that it cannot"
    }. Update its library, or start it with multiplex: "prefer" or false.`,
  );
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

/** An address as a reattach descriptor has it. */
export function describeAddress(address: PluginAddress): ReattachDescriptor["address"] {
  if (address.network === "unix") return { network: "unix", string: address.path };
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return { network: "tcp", string: `${host}:${address.port}` };
}
