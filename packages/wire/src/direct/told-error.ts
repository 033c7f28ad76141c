import type { ConnectError } from "@connectrpc/connect";
import { errorFromTrailers } from "../grpc/status.js";
import { statusFromThrown } from "../grpc/thrown.js";
import type { HeaderField } from "../hpack/field.js";

/**
 * What the caller gets for what its handler threw: the error that would have come over the wire, with the same code, the same text, the
 * handler's headers and trailers in its metadata, and its details as bytes. With `keepCause` its `cause` is the error that was thrown,
 * which has the handler's stack.
 */
export function toldError(
  cause: unknown,
  header: readonly HeaderField[],
  trailer: readonly HeaderField[],
  keepCause: boolean,
): ConnectError {
  const { fields } = statusFromThrown(cause);
  const error = errorFromTrailers([...fields, ...trailer], header)!;
  if (keepCause && isError(cause)) error.cause = cause;
  return error;
}

/** What can be thrown can also throw when it is looked at. */
function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
