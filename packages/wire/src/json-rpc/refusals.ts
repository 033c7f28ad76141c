import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** The error of a method that cannot be called. */
export function streamsRefused({ parent, name }: DescMethod): ConnectError {
  const text = `${parent.typeName}/${name} streams, and JSON-RPC has no streams: it carries one request and one answer`;
  return new ConnectError(text, Code.Unimplemented);
}

/** The error of a message that is not sent. */
export function tooLongToSend(maxBytes: number): ConnectError {
  return new ConnectError(`the message has more than ${maxBytes} bytes (maxMessageBytes)`, Code.ResourceExhausted);
}

/** Whether a text has more bytes than that. */
export function isLongerThan(text: string, maxBytes: number): boolean {
  // A character of a string has from one to three bytes: most texts are judged without counting them.
  return text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes);
}
