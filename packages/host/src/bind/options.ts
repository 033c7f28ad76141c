import { createSecureContext, type TlsOptions } from "node:tls";
import type { Contract } from "@tenon/core";
import { parseHostServices, type ParsedHostServices } from "../host-services/options.js";
import { type LogLevel, logLevels, type LogRecord } from "../logs/record.js";
import {
  booleanOr,
  checkKeys,
  describe,
  durationMs,
  functionOrNothing,
  invalidOption,
  oneOf,
  textOrNothing,
  wholeNumber,
} from "../options/check.js";
import type { StartOptions } from "../start-options.js";
import { type Origins, parseOrigins } from "../websocket/origins.js";
import { isLocal, type ListenAddress, parseListenAddress } from "./address.js";
import type { BindEvent } from "./events.js";
import type { Admit } from "./facts.js";

/** Certificates of a host that plugins dial in to. The names are Node's. */
export interface ListenTls
  extends Pick<TlsOptions, "cert" | "key" | "passphrase" | "pfx" | "ca" | "crl" | "minVersion"> {
  /**
   * Whether a plugin has to show a certificate that `ca` vouches for. Default: `"required"` where there is a `ca`, else `"none"`. With
   * `"optional"` one without is let in and has no certificate in its facts; one with a wrong certificate is not.
   */
  readonly clientCertificates?: "required" | "optional" | "none";
}

/** Options of the sessions with plugins that dial in. */
export type BoundSessionOptions = Pick<
  StartOptions,
  | "interceptors"
  | "metadata"
  | "channel"
  | "maxCallDepth"
  | "brokerTimeoutMs"
  | "startTimeoutMs"
  | "stop"
  | "joinIdleMs"
>;

/** How a host listens for plugins that dial in. */
export interface ListenOptions {
  /**
   * `host:port`, `[ipv6]:port`, or `unix:/path` for a socket of its owner alone; `ws://host:port/path` or `wss://…` for WebSockets; `none` for
   * those that `handleUpgrade` is given. WebSockets need the package `ws`. Default "127.0.0.1:0": any free port of this machine.
   */
  readonly address?: string;
  /** TLS. An address beyond this machine needs it. Default: none. */
  readonly tls?: ListenTls;
  /** Allows an address beyond this machine without TLS; a warning goes to the log. Default false. */
  readonly insecure?: boolean;
  /** Origins of the web pages that may dial in by WebSocket, such as "https://app.example", or "*" for all. Default: none. */
  readonly origins?: "*" | readonly string[];
  /** Decides who may bind; see `requireToken`, `requireCertificate`, `allowPlugins` of @tenon/host/bind. */
  readonly admit: Admit;
  /** The contracts that plugins may serve; each plugin serves one of them. */
  readonly contracts: readonly Contract[];
  /** Host services granted to every plugin, by their names in the contracts, as in `StartOptions.hostServices`. Default: none. */
  readonly hostServices?: Readonly<Record<string, object | undefined>>;
  /** Options of every session. Default: the host's defaults. */
  readonly session?: BoundSessionOptions;
  /** Told of everything that happens to plugins. What it throws goes to the log. Default: nobody. */
  readonly onEvent?: (event: BindEvent) => void;
  /** Receives the records of the plugins and of the listener. Default: the host's `log`. */
  readonly log?: (record: LogRecord) => void;
  /** Records below this level are not asked for. Default "info". */
  readonly logLevel?: LogLevel | "off";
  /** Bytes of log records that a plugin may have on their way. Default 262144. */
  readonly logWindowBytes?: number;
  /** How often each side sends a heartbeat. Default 5000. */
  readonly heartbeatMs?: number;
  /** Silence after which a plugin is suspect. Default: one and a half heartbeats. */
  readonly suspectAfterMs?: number;
  /** Silence after which it is lost. Default: three heartbeats. */
  readonly deadAfterMs?: number;
  /** How long a TLS handshake or a request for a WebSocket may take, and then a Hello with all that is asked about it. Default 5000. */
  readonly helloTimeoutMs?: number;
  /** How long a lost instance is waited for; then it is `unmounted`, and its log starts again. Default 30000. */
  readonly resumeWindowMs?: number;
  /** Connections that no plugin is bound by yet; further ones are closed at once. Default 4096. */
  readonly maxHalfOpen?: number;
  /** Plugins bound at once; further ones are told `host-busy`. Default 10000. */
  readonly maxPlugins?: number;
  /** Largest frame of a plugin in bytes; a larger one ends its link. Default 1 MiB. */
  readonly maxFrameBytes?: number;
}

/** {@link ListenOptions}, checked, with defaults. */
export interface ParsedListenOptions {
  readonly address: ListenAddress;
  readonly tls: TlsOptions | undefined;
  /** Plaintext beyond this machine. */
  readonly isExposed: boolean;
  /** Whether that is allowed. */
  readonly isInsecure: boolean;
  readonly origins: Origins;
  readonly admit: Admit;
  readonly contracts: readonly Contract[];
  readonly hostServices: ParsedHostServices;
  readonly session: BoundSessionOptions;
  readonly onEvent: ((event: BindEvent) => void) | undefined;
  readonly log: ((record: LogRecord) => void) | undefined;
  readonly logLevel: LogLevel | "off";
  readonly logWindowBytes: number;
  readonly heartbeatMs: number;
  readonly suspectAfterMs: number;
  readonly deadAfterMs: number;
  readonly helloTimeoutMs: number;
  readonly resumeWindowMs: number;
  readonly maxHalfOpen: number;
  readonly maxPlugins: number;
  readonly maxFrameBytes: number;
}

const keys = [
  "address",
  "tls",
  "insecure",
  "origins",
  "admit",
  "contracts",
  "hostServices",
  "session",
  "onEvent",
  "log",
  "logLevel",
  "logWindowBytes",
  "heartbeatMs",
  "suspectAfterMs",
  "deadAfterMs",
  "helloTimeoutMs",
  "resumeWindowMs",
  "maxHalfOpen",
  "maxPlugins",
  "maxFrameBytes",
] as const satisfies readonly (keyof ListenOptions)[];

const sessionKeys = [
  "interceptors",
  "metadata",
  "channel",
  "maxCallDepth",
  "brokerTimeoutMs",
  "startTimeoutMs",
  "stop",
  "joinIdleMs",
] as const satisfies readonly (keyof BoundSessionOptions)[];

const tlsKeys = ["cert", "key", "passphrase", "pfx", "ca", "crl", "minVersion", "clientCertificates"];

/** Checks how a host is to listen. @throws TenonError `option-invalid`, naming the key */
export function parseListenOptions(options: ListenOptions): ParsedListenOptions {
  checkKeys("listen", options, keys);
  const address = parseListenAddress(
    "listen.address",
    textOrNothing("listen.address", options.address) ?? "127.0.0.1:0",
  );
  const tls = parseTls(options.tls);
  checkScheme(address, tls !== undefined);
  const isInsecure = booleanOr("listen.insecure", options.insecure, false);
  // Who comes to a server of the user's is seen with each request.
  const isExposed = tls === undefined && (address.network === "none" ? isInsecure : !isLocal(address));
  if (isExposed && !isInsecure) {
    throw invalidOption(
      "listen.address",
      "beyond this machine it needs tls; insecure: true does without, and lets everybody read tokens, calls and logs",
    );
  }
  if (typeof options.admit !== "function") {
    throw invalidOption(
      "listen.admit",
      `it must be a function that decides who may bind, not ${describe(options.admit)}`,
    );
  }
  const heartbeatMs = durationMs("listen.heartbeatMs", options.heartbeatMs, 5_000, 10);
  const deadAfterMs = durationMs("listen.deadAfterMs", options.deadAfterMs, heartbeatMs * 3, heartbeatMs);
  const suspectAfterMs = durationMs(
    "listen.suspectAfterMs",
    options.suspectAfterMs,
    Math.round(heartbeatMs * 1.5),
    heartbeatMs,
  );
  if (suspectAfterMs > deadAfterMs) throw invalidOption("listen.suspectAfterMs", "it is above deadAfterMs");
  return Object.freeze({
    address,
    tls,
    isExposed,
    isInsecure,
    origins: parseOrigins("listen.origins", options.origins),
    admit: options.admit,
    contracts: parseContracts(options.contracts),
    hostServices: parseHostServices("listen.hostServices", options.hostServices),
    session: Object.freeze({ ...checkKeys("listen.session", options.session, sessionKeys) }) as BoundSessionOptions,
    onEvent: functionOrNothing("listen.onEvent", options.onEvent),
    log: functionOrNothing("listen.log", options.log),
    logLevel: oneOf("listen.logLevel", options.logLevel, [...logLevels, "off"] as const, "info"),
    logWindowBytes: wholeNumber("listen.logWindowBytes", options.logWindowBytes, 262_144, 1024, 2 ** 30),
    heartbeatMs,
    suspectAfterMs,
    deadAfterMs,
    helloTimeoutMs: durationMs("listen.helloTimeoutMs", options.helloTimeoutMs, 5_000, 1),
    resumeWindowMs: durationMs("listen.resumeWindowMs", options.resumeWindowMs, 30_000),
    maxHalfOpen: wholeNumber("listen.maxHalfOpen", options.maxHalfOpen, 4096, 1, 2 ** 31 - 1),
    maxPlugins: wholeNumber("listen.maxPlugins", options.maxPlugins, 10_000, 1, 2 ** 31 - 1),
    maxFrameBytes: wholeNumber("listen.maxFrameBytes", options.maxFrameBytes, 2 ** 20, 2 ** 16, 2 ** 30),
  });
}

/** Whether TLS is used says the scheme, too; and a server of the user's has its own. */
function checkScheme(address: ListenAddress, hasTls: boolean): void {
  if (address.network === "none" && hasTls)
    throw invalidOption("listen.tls", "with address: none the server is yours, and so is its TLS");
  if (address.network !== "ws" || address.isSecure === hasTls) return;
  throw invalidOption(
    "listen.tls",
    hasTls ? "with it the address begins with wss:" : "an address that begins with wss: needs it",
  );
}

function parseContracts(contracts: unknown): readonly Contract[] {
  if (!Array.isArray(contracts) || contracts.length === 0) {
    throw invalidOption("listen.contracts", "it must be a list of contracts, with one at least");
  }
  const names = new Set<string>();
  for (const contract of contracts as readonly Contract[]) {
    if (typeof contract?.name !== "string" || typeof contract.versions !== "object") {
      throw invalidOption("listen.contracts", "each must be what defineContract returns");
    }
    if (names.has(contract.name)) throw invalidOption("listen.contracts", `"${contract.name}" is there twice`);
    names.add(contract.name);
  }
  return Object.freeze([...(contracts as Contract[])]);
}

function parseTls(tls: ListenTls | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  checkKeys("listen.tls", tls, tlsKeys);
  const { clientCertificates, ...settings } = tls;
  const wanted = oneOf(
    "listen.tls.clientCertificates",
    clientCertificates,
    ["required", "optional", "none"] as const,
    settings.ca === undefined ? "none" : "required",
  );
  if (wanted !== "none" && settings.ca === undefined) {
    throw invalidOption("listen.tls.ca", "client certificates need the authority that vouches for them");
  }
  const complete: TlsOptions = {
    minVersion: "TLSv1.2",
    ...settings,
    ALPNProtocols: ["h2"],
    requestCert: wanted !== "none",
    rejectUnauthorized: wanted === "required",
  };
  try {
    createSecureContext(complete);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidOption("listen.tls", `Node makes no TLS context of it: ${why}`);
  }
  return Object.freeze(complete);
}
