import { toBinary, create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HeaderField } from "../hpack/field.js";
import { fieldsFromHeaders, fieldValue, headersFromFields } from "./metadata.js";
import { decodeStatusDetails, encodeStatusDetails } from "./status-details.js";
import { decodeStatusMessage, encodeStatusMessage } from "./status-message.js";

/** A status message on the wire is cut to this many characters. */
const maxMessageChars = 4096;

/** The trailer fields of a failed call: grpc-status, grpc-message, grpc-status-details-bin, and the error's metadata. */
export function fieldsFromError(error: ConnectError): HeaderField[] {
  const message =
    error.rawMessage.length > maxMessageChars ? `${error.rawMessage.slice(0, maxMessageChars)}…` : error.rawMessage;
  const fields: HeaderField[] = [["grpc-status", String(error.code)]];
  if (message !== "") fields.push(["grpc-message", encodeStatusMessage(message)]);
  if (error.details.length > 0) {
    const details = error.details.map((detail) =>
      "desc" in detail
        ? { type: detail.desc.typeName, value: toBinary(detail.desc, create(detail.desc, detail.value)) }
        : { type: detail.type, value: detail.value },
    );
    fields.push(["grpc-status-details-bin", encodeStatusDetails({ code: error.code, message, details })]);
  }
  fields.push(...fieldsFromHeaders(error.metadata));
  return fields;
}

/** The error that trailers tell of, or undefined for status 0. A missing or malformed status is an error too. */
export function errorFromTrailers(
  trailers: readonly HeaderField[],
  headers: readonly HeaderField[],
): ConnectError | undefined {
  const text = fieldValue(trailers, "grpc-status");
  if (text === "0") return undefined;
  const metadata = headersFromFields(trailers, headersFromFields(headers));
  if (text === undefined || !/^\d{1,10}$/.test(text)) {
    const what =
      text === undefined ? "the trailers have no grpc-status" : `the grpc-status ${JSON.stringify(text)} is no number`;
    return new ConnectError(`protocol error: ${what}`, Code.Internal, metadata);
  }
  const code = codes[Number(text) - 1] ?? Code.Unknown;
  const message = decodeStatusMessage(fieldValue(trailers, "grpc-message") ?? "");
  const error = new ConnectError(message, code, metadata);
  const rich = fieldValue(trailers, "grpc-status-details-bin");
  if (rich !== undefined) error.details = decodeStatusDetails(rich)?.details ?? [];
  return error;
}

/** The codes 1 to 16 in their order; anything else that a peer sends is UNKNOWN. */
const codes: readonly Code[] = [
  Code.Canceled,
  Code.Unknown,
  Code.InvalidArgument,
  Code.DeadlineExceeded,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
  Code.Unauthenticated,
];

/** The error for an answer that is no gRPC answer, by its HTTP status ("HTTP to gRPC Status Code Mapping"). */
export function errorFromHttpStatus(status: string | undefined, headers: readonly HeaderField[]): ConnectError {
  return new ConnectError(
    `the peer answered with HTTP status ${status ?? "(none)"}: it is no gRPC server`,
    httpCodes[status ?? ""] ?? Code.Unknown,
    headersFromFields(headers),
  );
}

const httpCodes: Readonly<Record<string, Code>> = {
  "400": Code.Internal,
  "401": Code.Unauthenticated,
  "403": Code.PermissionDenied,
  "404": Code.Unimplemented,
  "429": Code.Unavailable,
  "502": Code.Unavailable,
  "503": Code.Unavailable,
  "504": Code.Unavailable,
};
