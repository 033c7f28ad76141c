import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageDecoder } from "../codec/message-decoder.js";
import { decodeMessage } from "../grpc/decode-message.js";

/** A request, or the promise of one that has to be inflated first. */
export type Received = MessageShape<DescMessage> | Promise<MessageShape<DescMessage>>;

/** As decodeMessage. Throws ConnectError INTERNAL for bytes that are no such message. */
export function decodeRequest(
  decoder: MessageDecoder,
  type: DescMessage,
  bytes: Uint8Array,
  start: number,
  end: number,
  own: boolean,
): MessageShape<DescMessage> {
  try {
    return decodeMessage(decoder, type, bytes, start, end, own);
  } catch (cause) {
    const message = `the request is no ${type.typeName}: ${String(cause)}`;
    throw new ConnectError(message, Code.Internal, undefined, undefined, cause);
  }
}
