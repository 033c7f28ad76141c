import { Code, ConnectError } from "@connectrpc/connect";
import { fieldValue } from "../grpc/metadata.js";
import { errorFromHttpStatus, errorFromTrailers } from "../grpc/status.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode } from "../http2/constants.js";
import type { ResetReason } from "../http2/stream.js";

const tooLarge = "the header list of the answer is over maxHeaderListBytes";

/** What is wrong with the first header block of an answer, if anything. Trailers-only answers carry the status here. */
export function errorFromHead(
  fields: readonly HeaderField[],
  endStream: boolean,
  truncated: boolean,
): ConnectError | undefined {
  if (truncated) return new ConnectError(tooLarge, Code.ResourceExhausted);
  const status = fieldValue(fields, ":status");
  const contentType = fieldValue(fields, "content-type");
  if (status !== "200") {
    return endStream && fieldValue(fields, "grpc-status") !== undefined
      ? errorFromTrailers(fields, [])
      : errorFromHttpStatus(status, fields);
  }
  if (contentType !== "application/grpc" && !(contentType?.startsWith("application/grpc+proto") ?? false)) {
    if (endStream && contentType === undefined) return undefined;
    return new ConnectError(
      `the answer has content-type ${JSON.stringify(contentType)}: it is no gRPC answer`,
      Code.Unknown,
    );
  }
  const encoding = fieldValue(fields, "grpc-encoding");
  if (encoding !== undefined && encoding !== "identity" && encoding !== "gzip") {
    return new ConnectError(`the answer is compressed with ${encoding}, which was not offered`, Code.Internal);
  }
  return undefined;
}

/** The messages of an answer with this head may be compressed. */
export function isGzip(head: readonly HeaderField[] | undefined): boolean {
  return head !== undefined && fieldValue(head, "grpc-encoding") === "gzip";
}

/** What is wrong at the end of an answer, if anything. */
export function errorFromAnswer(
  headers: readonly HeaderField[],
  trailers: readonly HeaderField[],
  endStream: boolean,
  truncated: boolean,
): ConnectError | undefined {
  if (truncated) return new ConnectError(tooLarge, Code.ResourceExhausted);
  if (!endStream)
    return new ConnectError("protocol error: a second header block does not end the answer", Code.Internal);
  return errorFromTrailers(trailers, headers);
}

/** RST_STREAM as a status ("HTTP/2 Transport Mapping", Errors). */
export function errorFromReset({ errorCode, by, message, cause }: ResetReason): ConnectError {
  return new ConnectError(message, codeFromReset(errorCode, by), undefined, undefined, cause);
}

function codeFromReset(errorCode: number, by: ResetReason["by"]): Code {
  if (by !== "peer") return Code.Unavailable;
  switch (errorCode) {
    case ErrorCode.cancel:
      return Code.Canceled;
    case ErrorCode.enhanceYourCalm:
      return Code.ResourceExhausted;
    case ErrorCode.inadequateSecurity:
      return Code.PermissionDenied;
    default:
      return Code.Internal;
  }
}
