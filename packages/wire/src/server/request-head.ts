import { Code, ConnectError } from "@connectrpc/connect";
import { acceptedEncodings } from "../grpc/compression.js";
import { parseTimeout } from "../grpc/timeout.js";
import type { HeaderField } from "../hpack/field.js";

/** The first header block of a request, checked. */
export type RequestHead =
  | {
      readonly kind: "grpc";
      readonly path: string;
      readonly timeoutMs: number | undefined;
      readonly contentLength: number | undefined;
      /** The request's messages may be compressed with gzip. */
      readonly gzip: boolean;
    }
  /** Malformed by RFC 9113 §8: the stream is reset with PROTOCOL_ERROR. */
  | { readonly kind: "malformed" }
  /** Well-formed HTTP, but no gRPC request. */
  | { readonly kind: "http"; readonly status: number; readonly contentLength: number | undefined }
  /** A gRPC request that cannot be served, why, and what the answer says beside its status. */
  | { readonly kind: "refused"; readonly error: ConnectError; readonly fields: readonly HeaderField[] };

const malformed: RequestHead = { kind: "malformed" };
const pseudo = new Set([":method", ":scheme", ":path", ":authority"]);
const connectionSpecific = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);
const lowerCaseToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Reads a request's header fields in one pass, by RFC 9113 §8.2–8.3 and gRPC's "Requests". */
export function readRequestHead(fields: readonly HeaderField[]): RequestHead {
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let contentType: string | undefined;
  let timeout: string | undefined;
  let encoding: string | undefined;
  let contentLength: number | undefined;
  let regular = false;
  let seen = 0;
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === 0x3a) {
      if (regular || !pseudo.has(name)) return malformed;
      const bit = name === ":method" ? 1 : name === ":scheme" ? 2 : name === ":path" ? 4 : 8;
      if ((seen & bit) !== 0) return malformed;
      seen |= bit;
      if (bit === 1) method = value;
      else if (bit === 2) scheme = value;
      else if (bit === 4) path = value;
      continue;
    }
    regular = true;
    switch (name) {
      case "content-type":
        contentType = value;
        break;
      case "grpc-timeout":
        timeout = value;
        break;
      case "grpc-encoding":
        encoding = value;
        break;
      case "content-length":
        if (!/^\d{1,15}$/.test(value)) return malformed;
        contentLength = Number(value);
        break;
      case "te":
        if (value !== "trailers") return malformed;
        break;
      default:
        if (connectionSpecific.has(name) || !lowerCaseToken.test(name)) return malformed;
    }
  }
  if (method === undefined || scheme === undefined || path === undefined || path === "") return malformed;
  if (method !== "POST") return { kind: "http", status: 405, contentLength };
  if (!isGrpc(contentType)) return { kind: "http", status: 415, contentLength };
  return readGrpc(path, timeout, encoding, contentLength);
}

function isGrpc(contentType: string | undefined): boolean {
  if (contentType === "application/grpc" || contentType === "application/grpc+proto") return true;
  return contentType !== undefined && /^application\/grpc(\+proto)?(;.*)?$/.test(contentType);
}

function readGrpc(
  path: string,
  timeout: string | undefined,
  encoding: string | undefined,
  contentLength: number | undefined,
): RequestHead {
  if (encoding !== undefined && encoding !== "identity" && encoding !== "gzip") {
    const error = new ConnectError(
      `requests compressed with ${encoding} are not supported, only ${acceptedEncodings}`,
      Code.Unimplemented,
    );
    return { kind: "refused", error, fields: [["grpc-accept-encoding", acceptedEncodings]] };
  }
  const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  if (timeout !== undefined && timeoutMs === undefined) {
    const error = new ConnectError(`malformed grpc-timeout ${JSON.stringify(timeout)}`, Code.Internal);
    return { kind: "refused", error, fields: [] };
  }
  return { kind: "grpc", path, timeoutMs, contentLength, gzip: encoding === "gzip" };
}
