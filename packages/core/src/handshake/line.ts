import { TenonError } from "../errors.js";
import { parseGoBool } from "../go-bool.js";
import { parseGoInt } from "../go-int.js";
import { splitTcpAddress } from "./address.js";

/** By what a plugin is reached: a socket of its own, or its standard input and output. */
export type HandshakeNetwork = "unix" | "tcp" | "stdio";

/** The content of a handshake line. */
export interface HandshakeLine<N extends HandshakeNetwork = HandshakeNetwork> {
  /** Version of the handshake itself; 1 is the only one there is. */
  readonly coreVersion: number;
  /** The version of the contract that the plugin chose. */
  readonly appVersion: number;
  /** `stdio` only where the host set `TENON_TRANSPORT`: what follows the line on the same stream is the channel. */
  readonly network: N;
  /** Path of a socket, `host:port`, or {@link stdioAddress}. */
  readonly address: string;
  /** `netrpc` is understood so that it can be refused by name; Tenon serves and calls `grpc`. */
  readonly transport: "grpc" | "netrpc";
  /** DER bytes of the plugin's certificate, base64 in the standard alphabet without padding. Only under AutoMTLS. */
  readonly certificate?: string;
  /** Whether the plugin multiplexes its broker. Only where the host asked. With `stdio`: whether the bytes that follow are yamux. */
  readonly multiplex?: boolean;
}

/** What stands in place of an address where the network is `stdio`. */
export const stdioAddress = "-";

/** The longest line a host reads, its end included. go-plugin has the same limit. */
export const maxHandshakeLineBytes = 65536;

/** One field of the line, as documented in docs/protocol/go-plugin.md. */
export interface HandshakeField {
  readonly name: keyof HandshakeLine;
  /** A line without it is malformed. */
  readonly required: boolean;
  /** The go-plugin release that first printed it. */
  readonly since: string;
  readonly values: string;
}

/** The fields in the order in which they stand in the line, separated by `|`. */
export const handshakeFields = [
  { name: "coreVersion", required: true, since: "1.0.0", values: "1" },
  { name: "appVersion", required: true, since: "1.0.0", values: "a decimal integer" },
  { name: "network", required: true, since: "1.0.0", values: "unix or tcp; stdio only if the host asked" },
  { name: "address", required: true, since: "1.0.0", values: "a socket path, or host:port; - for stdio" },
  { name: "transport", required: false, since: "1.0.0", values: "grpc or netrpc; missing means netrpc" },
  {
    name: "certificate",
    required: false,
    since: "1.0.0",
    values: "empty, or base64 of DER; up to 50 characters: ignored",
  },
  { name: "multiplex", required: false, since: "1.6.0", values: "true or false; only if the host asked" },
] as const satisfies readonly HandshakeField[];

type FieldName = (typeof handshakeFields)[number]["name"];

interface FieldCodec {
  /** Writes the field of this line into `draft`. `text` is undefined when the line has no such field. */
  parse(text: string | undefined, draft: Draft): void;
  /** Undefined leaves the field out, which only the last one may do. */
  format(line: HandshakeLine): string | undefined;
}

type Draft = { -readonly [K in keyof HandshakeLine]?: HandshakeLine[K] };

/** Shorter texts in the sixth field are not certificates: old plugins of other languages put other things there. */
const maxIgnoredCertificateChars = 50;

const codecs: Record<FieldName, FieldCodec> = {
  coreVersion: {
    parse(text, draft) {
      const version = parseGoInt(text!);
      if (version === undefined) throw malformed(`its core protocol version ${quote(text)} is no integer`);
      if (version !== 1) {
        throw new TenonError(
          "core-version-mismatch",
          `The plugin speaks core protocol version ${version}, this host speaks 1. Rebuild the plugin against a ` +
            "current library, or use the host that it was made for.",
          { facts: { answered: version, own: 1 } },
        );
      }
      draft.coreVersion = version;
    },
    format: (line) => formatInteger("coreVersion", line.coreVersion),
  },
  appVersion: {
    parse(text, draft) {
      const version = parseGoInt(text!);
      if (version === undefined) throw malformed(`its version ${quote(text)} is no integer`);
      draft.appVersion = version;
    },
    format: (line) => formatInteger("appVersion", line.appVersion),
  },
  network: {
    parse(text, draft) {
      if (text !== "unix" && text !== "tcp" && text !== "stdio") {
        throw addressInvalid(`the network ${quote(text)} is neither unix nor tcp`, { network: text });
      }
      draft.network = text;
    },
    format: (line) => line.network,
  },
  address: {
    parse(text, draft) {
      checkAddress(draft.network!, text!);
      draft.address = text!;
    },
    format(line) {
      checkAddress(line.network, line.address);
      return line.address;
    },
  },
  transport: {
    parse(text = "netrpc", draft) {
      if (text !== "grpc" && text !== "netrpc") {
        throw new TenonError(
          "transport-unsupported",
          `The plugin offers its services by ${quote(text)}; only grpc can be used.`,
          { facts: { transport: text } },
        );
      }
      draft.transport = text;
    },
    format: (line) => line.transport,
  },
  certificate: {
    parse(text = "", draft) {
      if (text.length > maxIgnoredCertificateChars) draft.certificate = checkBase64(text);
    },
    format(line) {
      if (line.certificate === undefined) return "";
      if (line.certificate.length <= maxIgnoredCertificateChars) {
        throw new TenonError(
          "certificate-encoding",
          `A certificate of ${line.certificate.length} base64 characters would be ignored by every host.`,
        );
      }
      return checkBase64(line.certificate);
    },
  },
  multiplex: {
    parse(text = "", draft) {
      const multiplex = parseGoBool(text);
      if (multiplex !== undefined) draft.multiplex = multiplex;
    },
    format: (line) => (line.multiplex === undefined ? undefined : String(line.multiplex)),
  },
};

/**
 * Writes a handshake line, without the line break that ends it. There are always six fields, as a current Go plugin
 * prints them, and a seventh where `multiplex` is set.
 *
 * @throws {@link TenonError} `address-invalid` when the address is empty, does not fit the network, or holds `|`, a line
 *   break or NUL, for which the line has no escape; `certificate-encoding` when the certificate is no base64 or too short
 *   to be one; `option-invalid` when a version is no integer from 0 to 2^31 − 1
 */
export function formatHandshakeLine(line: HandshakeLine): string {
  const texts = handshakeFields.map((field) => codecs[field.name].format(line));
  return texts.filter((text) => text !== undefined).join("|");
}

/**
 * Reads a handshake line as go-plugin's host does. White space around the line is dropped, fields after the seventh are
 * ignored, and so is a seventh that is no boolean.
 *
 * @param asked - what the host asked for: a plugin with a socket, or one on its standard streams (`TENON_TRANSPORT`)
 * @throws {@link TenonError} `handshake-malformed`, `core-version-mismatch`, `address-invalid`, `transport-unsupported` or
 *   `certificate-encoding`: the first field that is wrong, from the left; `transport-mismatch` for a good line of the other kind
 */
export function parseHandshakeLine(text: string, asked?: "socket"): HandshakeLine<"unix" | "tcp">;
export function parseHandshakeLine(text: string, asked: "stdio"): HandshakeLine<"stdio">;
export function parseHandshakeLine(text: string, asked: "socket" | "stdio" = "socket"): HandshakeLine {
  const parts = text.trim().split("|");
  const needed = handshakeFields.filter((field) => field.required).length;
  if (parts.length < needed) {
    throw malformed(parts.length === 1 ? "it has no fields" : `it has ${parts.length} fields and needs ${needed}`);
  }
  const draft: Draft = {};
  handshakeFields.forEach((field, index) => codecs[field.name].parse(parts[index], draft));
  const line = draft as HandshakeLine;
  if ((line.network === "stdio") !== (asked === "stdio")) throw transportMismatch(line.network);
  return line;
}

function checkAddress(network: HandshakeNetwork, address: string): void {
  if (address === "") throw addressInvalid("it is empty", { address });
  if (/[|\r\n\0]/.test(address)) {
    throw addressInvalid(`${quote(address)} holds "|", a line break or NUL, which the line cannot carry`, { address });
  }
  if (network === "tcp") splitTcpAddress(address);
  if (network === "stdio" && address !== stdioAddress) {
    throw addressInvalid(`the network stdio has the address ${quote(stdioAddress)}, not ${quote(address)}`, {
      address,
    });
  }
}

/** Padding is taken off where it is right: go-plugin refuses it, but encoders of other languages add it. */
function checkBase64(text: string): string {
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, "") : text;
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) {
    throw new TenonError(
      "certificate-encoding",
      "The certificate in the handshake line is no base64 of the standard alphabet.",
      { facts: { chars: text.length } },
    );
  }
  return bare;
}

function formatInteger(name: string, value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
    throw new TenonError("option-invalid", `${name} must be an integer from 0 to 2147483647, not ${String(value)}.`);
  }
  return String(value);
}

function malformed(why: string): TenonError {
  return new TenonError("handshake-malformed", `The plugin's first line of output is no handshake line: ${why}.`);
}

function transportMismatch(network: HandshakeNetwork): TenonError {
  const why =
    network === "stdio"
      ? "The plugin offers its services on its standard input and output, which this host did not ask for. " +
        "Launch it with { stdio } in place of { process }, and do not set TENON_TRANSPORT yourself."
      : `The plugin listens on a ${network} socket although this host asked for its standard input and output: it does not ` +
        "know TENON_TRANSPORT. Launch it with { process } in place of { stdio }, or update its library.";
  return new TenonError("transport-mismatch", why, { facts: { network } });
}

function addressInvalid(why: string, facts: Record<string, unknown>): TenonError {
  return new TenonError("address-invalid", `The address of the handshake line cannot be used: ${why}.`, { facts });
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
