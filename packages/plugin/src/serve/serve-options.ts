import type { TlsOptions } from "node:tls";
import { TenonError } from "@tenon/core";
import type { ServerOptions } from "@tenon/wire/server";
import type { Logger } from "../log/logger.js";

/** Certificates and keys of a plugin's own. The names are Node's. */
export type ServeTlsSettings = Pick<
  TlsOptions,
  "ca" | "cert" | "key" | "passphrase" | "pfx" | "crl" | "minVersion" | "requestCert"
>;

/** Fills in what every connection of a plugin needs. */
export function completeTls(settings: ServeTlsSettings): TlsOptions & { readonly servername: string } {
  const defaults = { minVersion: "TLSv1.2", requestCert: true, servername: "localhost" } as const;
  return { ...defaults, ...settings, rejectUnauthorized: true, ALPNProtocols: ["h2"] };
}

/** Options of `servePlugin`. */
export interface ServeOptions {
  /**
   * The handshake's variables, as the host set them, and `TMPDIR`. The cookie is not checked here. Default: none, which
   * is the environment of a host too old to set any.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default: `unix`; on Windows `tcp`, always on 127.0.0.1. */
  readonly network?: "unix" | "tcp";
  /**
   * Directory below which a private directory for the socket is made, unless the host names one. Default: `TMPDIR` of
   * `environment`, else `/tmp`; also `/tmp` when that one is too long or cannot be used.
   */
  readonly socketDir?: string;
  /**
   * How long calls in flight may go on after the end was asked for, in milliseconds; then they are cut off. Default:
   * 1500, since go-plugin's hosts kill a plugin 2000 ms after they asked it to end.
   */
  readonly drainTimeoutMs?: number;
  /**
   * TLS with certificates of your own, instead of those that a host asks for (AutoMTLS). The host is given its part by other means.
   * Each side has to prove itself unless `requestCert` is false. go-plugin: `TLSProvider`.
   */
  readonly tls?: ServeTlsSettings;
  /** How long the TLS handshake of a connection may take, in milliseconds. Default: 10000. */
  readonly tlsTimeoutMs?: number;
  /**
   * How long a dial through the broker may take that names no `timeoutMs`, and how long what the host announced is kept
   * that nobody dials, in milliseconds. Default: 5000, as go-plugin.
   */
  readonly brokerTimeoutMs?: number;
  /**
   * Bytes of output kept for a host that does not read it. At the limit the oldest are dropped, and their number is
   * logged. Default: 1 MiB. go-plugin has 64 KiB and then blocks whoever prints.
   */
  readonly maxStdioBufferBytes?: number;
  /**
   * Whether tools like grpcurl may ask for the plugin's services and messages. Its code is loaded when that happens, so it
   * costs the start nothing. Default: true, as go-plugin since v1.2.0.
   */
  readonly reflection?: boolean;
  /** Limits and interceptors of the gRPC server. */
  readonly server?: ServerOptions;
  /** Where the plugin's own records go. Default: nowhere. */
  readonly logger?: Logger;
  /** Ends everything at once and without draining: during the start, which then fails, and later. */
  readonly signal?: AbortSignal;
}

/** The numbers of {@link ServeOptions} with their defaults, checked. */
export interface ServeLimits {
  readonly drainTimeoutMs: number;
  readonly tlsTimeoutMs: number;
  readonly brokerTimeoutMs: number;
  readonly maxStdioBufferBytes: number;
}

/** @throws {@link TenonError} `option-invalid` when a number is negative or none */
export function readLimits(options: ServeOptions): ServeLimits {
  const { drainTimeoutMs = 1500, tlsTimeoutMs = 10_000 } = options;
  const { brokerTimeoutMs = 5000, maxStdioBufferBytes = 1024 * 1024 } = options;
  const limits = { drainTimeoutMs, tlsTimeoutMs, brokerTimeoutMs, maxStdioBufferBytes };
  for (const [name, value] of Object.entries(limits)) checkNumber(name, value);
  return limits;
}

/** @throws {@link TenonError} `option-invalid` unless `value` is a number from 0 to 2^31 − 1, the range of timers */
export function checkNumber(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 2 ** 31 - 1) return;
  throw new TenonError(
    "option-invalid",
    `The option ${name} is ${String(value)}; it must be a number from 0 to 2147483647.`,
    {
      facts: { option: name, value },
    },
  );
}
