import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import { TenonError } from "@tenon/core";
import type { Logger } from "../log/logger.js";
import { checkNumber, type ServeOptions } from "../serve/serve-options.js";
import type { BindWebSocketSettings } from "../websocket/settings.js";
import { type BindAddress, isLocal, parseBindAddress } from "./address.js";
import type { BindEvent } from "./events.js";

/** What the plugin's side of TLS is made of. The names are Node's. */
export type BindTlsSettings = Pick<
  ConnectionOptions,
  "ca" | "cert" | "key" | "passphrase" | "pfx" | "crl" | "minVersion" | "servername"
>;

/** How a plugin dials in, whatever it is. */
export interface DialInOptions {
  /**
   * Where the host listens: `host:port`, `[address]:port` or `unix:/path`; `ws://host/path` or `wss://host/path` for a WebSocket, which needs
   * the package `ws`, unless the runtime has one.
   */
  readonly to: string;
  /** What proves that the plugin may. It is sent with each Hello and appears in no message. */
  readonly token?: string;
  /** File that holds the token, read again at each attempt, so that it may be renewed. White space around it does not count. */
  readonly tokenFile?: string;
  /**
   * TLS: true with the certificate authorities of the system, its settings, or what gives them at each attempt, so that certificates may be
   * renewed. Default: false, which is refused beyond this machine; true for `wss:`.
   */
  readonly tls?: boolean | BindTlsSettings | (() => Promise<BindTlsSettings>);
  /** What a WebSocket needs beyond the address. Default: nothing. */
  readonly webSocket?: BindWebSocketSettings;
  /** Whether token and calls may cross a network without TLS. Each link then says so in the log. Default: false. */
  readonly insecure?: boolean;
  /**
   * Makes the byte stream to the host in place of a socket; `to` then names the host only. It is ready for HTTP/2 when this resolves. The
   * signal aborts when the attempt is over before that.
   */
  readonly connect?: (signal: AbortSignal) => Promise<Duplex>;
  /** Name of the plugin, by which the host decides. Default: the contract's. */
  readonly name?: string;
  /** Version of the plugin, for people. Default: none. */
  readonly version?: string;
  /**
   * Id of this copy of the plugin, the same for each of its links. A newer link with it ends the older one. Default: a random one, so
   * that a plugin that was started again is another copy.
   */
  readonly instance?: string;
  /** Hears of each change. What it throws is logged and changes nothing. */
  readonly onEvent?: (event: BindEvent) => void;
  /** Takes the records of the plugin; those of a logger that `createLogger` made also go over the link. Default: one on standard error. */
  readonly logger?: Logger;
  /** Before the plugin is bound: gives up, and the promise rejects with its reason. Later: ends everything at once. */
  readonly signal?: AbortSignal;
  /**
   * Wait after the first failed attempt or lost link, in milliseconds. It grows by 1.6 each time, to a second, and later to a tenth of the
   * time for which the host has been away, less up to half at random; a host that is busy is left alone for a second or more. Default: 100.
   */
  readonly minBackoffMs?: number;
  /** That wait at most, in milliseconds. Default: 30000. */
  readonly maxBackoffMs?: number;
  /** How long a connection may take, TLS included, in milliseconds. Default: 5000. */
  readonly connectTimeoutMs?: number;
  /**
   * How long the host may take for its answer to Hello, in milliseconds. A host to which all its plugins come at once takes longer than its
   * own limit: to ask again would make it worse. Default: 20000.
   */
  readonly welcomeTimeoutMs?: number;
  /** How long calls in flight may go on when the plugin leaves, in milliseconds; the host can ask for less. Default: 10000. */
  readonly drainTimeoutMs?: number;
  /** Log records that are kept for the host, in bytes. Beyond them the oldest are dropped and counted. Default: 1048576. */
  readonly logBufferBytes?: number;
}

/** Options of `bindPlugin`. */
export interface BindOptions
  extends DialInOptions,
    Pick<ServeOptions, "server" | "reflection" | "brokerTimeoutMs" | "maxStdioBufferBytes"> {
  /**
   * Host services that the plugin cannot do without, by their names in the contract: a host that does not grant one refuses it. Default:
   * none, since those that are not granted fail when they are called.
   */
  readonly requiredHostServices?: readonly string[];
}

/** {@link DialInOptions} with all defaults, checked. */
export interface DialInSettings {
  readonly address: BindAddress;
  /** Whether token and calls cross a network without TLS. */
  readonly isExposed: boolean;
  readonly name: string;
  readonly version: string;
  readonly instance: string;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly connectTimeoutMs: number;
  readonly welcomeTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly logBufferBytes: number;
}

/** @throws {@link TenonError} `option-invalid` */
export function readDialInOptions(options: DialInOptions, contract: string): DialInSettings {
  const { name = contract, version = "", instance = randomUUID(), token, tokenFile, tls = false } = options;
  const { minBackoffMs = 100, maxBackoffMs = 30_000, connectTimeoutMs = 5000, welcomeTimeoutMs = 20_000 } = options;
  const { drainTimeoutMs = 10_000, logBufferBytes = 1024 * 1024 } = options;
  const numbers = { minBackoffMs, maxBackoffMs, connectTimeoutMs, welcomeTimeoutMs, drainTimeoutMs, logBufferBytes };
  for (const [option, value] of Object.entries(numbers)) checkNumber(option, value);
  for (const [option, value] of Object.entries({ name, instance })) checkName(option, value);
  if (token !== undefined && tokenFile !== undefined) throw invalid("tokenFile", "cannot be given together with token");
  const address = parseBindAddress(options.to);
  const isSecure = address.network === "ws" ? address.isSecure : tls !== false;
  if (address.network === "ws" && !isSecure && tls !== false)
    throw invalid("tls", "needs an address that begins with wss:");
  const isExposed = !isSecure && options.connect === undefined && !isLocal(address);
  if (isExposed && options.insecure !== true) {
    throw invalid(
      "tls",
      `is needed to reach ${options.to}: token and calls would cross a network in the clear. Set tls, or insecure: true where the network itself is safe`,
    );
  }
  return { address, isExposed, name, version, instance, ...numbers };
}

function checkName(option: string, value: unknown): void {
  if (typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(value)) return;
  throw invalid(option, 'must be letters, digits, ".", "_" or "-", at most 128');
}

function invalid(option: string, why: string): TenonError {
  return new TenonError("option-invalid", `The option ${option} ${why}.`, { facts: { option } });
}
