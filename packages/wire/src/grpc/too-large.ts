import { Code, ConnectError } from "@connectrpc/connect";

/** The error for a message that its sender may not send. */
export function tooLargeToSend(bytes: number, limit: number): ConnectError {
  return new ConnectError(
    `the message has ${bytes} bytes, the limit is ${limit} (maxSendMessageBytes)`,
    Code.ResourceExhausted,
  );
}
