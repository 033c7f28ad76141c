import { Code, ConnectError } from "@connectrpc/connect";
import type { HeaderField } from "../hpack/field.js";
import { fieldsFromError } from "./status.js";

/** What a handler's failure looks like: the error, and the trailer fields that tell the caller of it. */
export interface ThrownStatus {
  readonly error: ConnectError;
  readonly fields: HeaderField[];
}

/**
 * Makes a status of whatever a handler threw. A `ConnectError` keeps its code, any other value is UNKNOWN with its text. Never throws:
 * a value without text, an error whose parts cannot be read and a detail that cannot be encoded become UNKNOWN too, and so does a
 * code that gRPC does not have.
 */
export function statusFromThrown(cause: unknown): ThrownStatus {
  try {
    const error = ConnectError.from(cause, Code.Unknown);
    const { rawMessage }: { readonly rawMessage: unknown } = error;
    if (typeof rawMessage === "string" && isCode(error.code)) return { error, fields: fieldsFromError(error) };
    return plain(String(rawMessage), cause);
  } catch {
    return plain(
      "the handler threw something that cannot be told: a value without text, or an error with parts that cannot be sent",
      cause,
    );
  }
}

function plain(message: string, cause: unknown): ThrownStatus {
  const error = new ConnectError(message, Code.Unknown, undefined, undefined, cause);
  return { error, fields: fieldsFromError(error) };
}

function isCode(code: unknown): code is Code {
  return Number.isInteger(code) && (code as number) >= 1 && (code as number) <= 16;
}
