import { TenonError } from "../errors.js";
import { parseGoBool } from "../go-bool.js";
import { parseGoInt } from "../go-int.js";

/** What a host tells a plugin through its environment, the magic cookie aside. */
export interface HandshakeEnvironment {
  /** Lowest and highest port for a plugin that listens on TCP; both 0: any port. */
  readonly minPort: number;
  readonly maxPort: number;
  /** The versions the host has, in any order; empty from hosts that are too old to say. */
  readonly protocolVersions: readonly number[];
  /** PEM text of the host's certificate: asks for mutual TLS (AutoMTLS). */
  readonly clientCertificate?: string;
  /** Whether the host wants a multiplexed broker. Any value makes the plugin answer in its line's seventh field. */
  readonly multiplex?: boolean;
  /** Name or number of the group that may connect to the plugin's sockets. */
  readonly socketGroup?: string;
  /** Absolute path of the directory in which the plugin makes its sockets. */
  readonly socketDir?: string;
  /**
   * `stdin`: the plugin's standard input is a pipe that only the host holds, so its end is the end of the host. `none`: the
   * plugin is meant to outlive its host.
   */
  readonly lifeline?: "stdin" | "none";
  /**
   * How to serve where it is not a socket. `stdio`: the handshake line on standard output, and behind it the channel on standard
   * input and output. `port`: both on the message port that a worker thread finds in `workerData.tenonPort`.
   */
  readonly transport?: "stdio" | "port";
}

/** One variable of the handshake, as documented in docs/protocol/go-plugin.md. */
export interface HandshakeVariable {
  readonly name: string;
  readonly key: keyof HandshakeEnvironment;
  /** Whose protocol it belongs to. A peer without it must lose nothing but the feature. */
  readonly origin: "go-plugin" | "tenon";
  /** When a host sets it. */
  readonly sent: "always" | "on request";
  readonly values: string;
}

/** Every variable of the handshake. The cookie's name is the application's and so not among them. */
export const handshakeVariables = [
  { name: "PLUGIN_MIN_PORT", key: "minPort", origin: "go-plugin", sent: "always", values: "a port from 0 to 65535" },
  { name: "PLUGIN_MAX_PORT", key: "maxPort", origin: "go-plugin", sent: "always", values: "a port from 0 to 65535" },
  {
    name: "PLUGIN_PROTOCOL_VERSIONS",
    key: "protocolVersions",
    origin: "go-plugin",
    sent: "always",
    values: "decimal integers, separated by commas, in any order",
  },
  {
    name: "PLUGIN_CLIENT_CERT",
    key: "clientCertificate",
    origin: "go-plugin",
    sent: "on request",
    values: "PEM text with its line breaks",
  },
  {
    name: "PLUGIN_MULTIPLEX_GRPC",
    key: "multiplex",
    origin: "go-plugin",
    sent: "on request",
    values: "true; read as a Go boolean",
  },
  {
    name: "PLUGIN_UNIX_SOCKET_GROUP",
    key: "socketGroup",
    origin: "go-plugin",
    sent: "on request",
    values: "a group's name or number",
  },
  {
    name: "PLUGIN_UNIX_SOCKET_DIR",
    key: "socketDir",
    origin: "go-plugin",
    sent: "on request",
    values: "an absolute path",
  },
  { name: "TENON_LIFELINE", key: "lifeline", origin: "tenon", sent: "on request", values: "stdin or none" },
  { name: "TENON_TRANSPORT", key: "transport", origin: "tenon", sent: "on request", values: "stdio or port" },
] as const satisfies readonly HandshakeVariable[];

/** What {@link parseEnvironment} found. */
export interface ParsedEnvironment {
  readonly environment: HandshakeEnvironment;
  /** Sentences on values that were passed over, fit for the plugin's log. */
  readonly notes: string[];
}

/**
 * Turns the handshake's environment into variables. Optional values that are missing, and `multiplex: false`, are left
 * out: a Go plugin takes the mere presence of a variable as a wish.
 *
 * @throws {@link TenonError} `option-invalid` when a port or version cannot be sent, or a text is empty or holds NUL
 */
export function formatEnvironment(environment: HandshakeEnvironment): Record<string, string> {
  const { minPort, maxPort, protocolVersions } = environment;
  for (const port of [minPort, maxPort]) {
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw unsendable(`${String(port)} is no port`);
  }
  if (minPort > maxPort) throw unsendable(`minPort ${minPort} is above maxPort ${maxPort}`);
  if (!protocolVersions.every((version) => Number.isSafeInteger(version))) {
    throw unsendable(`the versions ${protocolVersions.join(", ")} are not all integers`);
  }
  const variables: Record<string, string> = {};
  for (const { name, key } of handshakeVariables) {
    const value = environment[key];
    if (value === undefined || value === false) continue;
    const text = String(value);
    if (typeof value === "string" && (text === "" || text.includes("\0")))
      throw unsendable(`${key} is empty or holds NUL`);
    variables[name] = text;
  }
  return variables;
}

/**
 * Reads the handshake's variables out of an environment; all others are ignored, the cookie too. A variable that is
 * empty counts as absent. Ports that are absent are 0; versions that are no integers are passed over with a note, and so
 * are a `PLUGIN_MULTIPLEX_GRPC` that is no boolean (read as false) and a `TENON_LIFELINE` other than `stdin` and `none`.
 *
 * @throws {@link TenonError} `environment-invalid` when a port is no decimal from 0 to 65535, the lower is above the
 *   higher, or `TENON_TRANSPORT` is one that this version does not know
 */
export function parseEnvironment(variables: Readonly<Record<string, string | undefined>>): ParsedEnvironment {
  const notes: string[] = [];
  const minPort = parsePort("PLUGIN_MIN_PORT", variables);
  const maxPort = parsePort("PLUGIN_MAX_PORT", variables);
  if (minPort > maxPort) {
    throw new TenonError("environment-invalid", `PLUGIN_MIN_PORT ${minPort} is above PLUGIN_MAX_PORT ${maxPort}.`, {
      facts: { minPort, maxPort },
    });
  }
  const clientCertificate = variables["PLUGIN_CLIENT_CERT"];
  const multiplex = parseMultiplex(variables["PLUGIN_MULTIPLEX_GRPC"], notes);
  const socketGroup = variables["PLUGIN_UNIX_SOCKET_GROUP"];
  const socketDir = variables["PLUGIN_UNIX_SOCKET_DIR"];
  const lifeline = parseLifeline(variables["TENON_LIFELINE"], notes);
  const transport = parseTransport(variables["TENON_TRANSPORT"]);
  const environment: HandshakeEnvironment = {
    minPort,
    maxPort,
    protocolVersions: parseVersions(variables["PLUGIN_PROTOCOL_VERSIONS"], notes),
    ...(clientCertificate && { clientCertificate }),
    ...(multiplex !== undefined && { multiplex }),
    ...(socketGroup && { socketGroup }),
    ...(socketDir && { socketDir }),
    ...(lifeline && { lifeline }),
    ...(transport && { transport }),
  };
  return { environment, notes };
}

/**
 * A copy of an environment without the handshake's variables, the cookie's among them if its key is given, and without
 * names that have no value. Host and plugin pass only such copies on: a plugin that is a host itself would otherwise hand
 * its own handshake down to its children.
 */
export function withoutHandshakeVariables(
  variables: Readonly<Record<string, string | undefined>>,
  cookieKey?: string,
): Record<string, string> {
  const dropped = new Set<string | undefined>([...handshakeVariables.map((variable) => variable.name), cookieKey]);
  const kept = Object.entries(variables).filter(([name, value]) => value !== undefined && !dropped.has(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

function parsePort(name: string, variables: Readonly<Record<string, string | undefined>>): number {
  const text = variables[name] || "0";
  const port = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw new TenonError(
    "environment-invalid",
    `${name} is ${JSON.stringify(text)}; it must be a port from 0 to 65535.`,
    {
      facts: { name, value: text },
    },
  );
}

function parseVersions(text: string | undefined, notes: string[]): number[] {
  if (!text) return [];
  return text.split(",").flatMap((token) => {
    const version = parseGoInt(token);
    if (version !== undefined) return [version];
    notes.push(`PLUGIN_PROTOCOL_VERSIONS holds ${JSON.stringify(token)}, which is no integer; it is passed over.`);
    return [];
  });
}

function parseMultiplex(text: string | undefined, notes: string[]): boolean | undefined {
  if (!text) return undefined;
  const multiplex = parseGoBool(text);
  if (multiplex === undefined) {
    notes.push(`PLUGIN_MULTIPLEX_GRPC is ${JSON.stringify(text)}, which is no Go boolean; it is read as false.`);
  }
  return multiplex ?? false;
}

function parseLifeline(text: string | undefined, notes: string[]): "stdin" | "none" | undefined {
  if (!text) return undefined;
  if (text === "stdin" || text === "none") return text;
  notes.push(`TENON_LIFELINE is ${JSON.stringify(text)}, which this version does not know; it is passed over.`);
  return undefined;
}

/** Not passed over: a plugin that opens a socket in place of what the host asked for is no use to it. */
function parseTransport(text: string | undefined): "stdio" | "port" | undefined {
  if (!text) return undefined;
  if (text === "stdio" || text === "port") return text;
  throw new TenonError(
    "environment-invalid",
    `TENON_TRANSPORT is ${JSON.stringify(text)}, which this version does not know; it knows stdio and port. Update the plugin's library.`,
    { facts: { name: "TENON_TRANSPORT", value: text } },
  );
}

function unsendable(why: string): TenonError {
  return new TenonError("option-invalid", `The environment for the plugin cannot be made: ${why}.`);
}
