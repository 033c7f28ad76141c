import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** A request, or the promise of one that has to be inflated first. */
export type Received = MessageShape<DescMessage> | Promise<MessageShape<DescMessage>>;

/** Throws ConnectError INTERNAL for bytes that are no such message. */
export function decodeRequest(type: DescMessage, bytes: Uint8Array<ArrayBuffer>): MessageShape<DescMessage> {
  try {
    return fromBinary(type, bytes);
  } catch (cause) {
    const message = `the request is no ${type.typeName}: ${String(cause)}`;
    throw new ConnectError(message, Code.Internal, undefined, undefined, cause);
  }
}
