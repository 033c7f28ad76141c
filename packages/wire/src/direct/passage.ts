import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { MessageDecoder } from "../codec/message-decoder.js";
import { MessageEncoder } from "../codec/message-encoder.js";

/** How messages get from one side to the other. Throws what a message that is no such message fails with. */
export interface Passage {
  /** `from` and `to` are the same type, as each side describes it. */
  pass(from: DescMessage, to: DescMessage, message: unknown): Message;
}

/** Hands the objects over, made whole where they are only the fields of a message. */
export const byReference: Passage = {
  pass(_from, to, message) {
    return create(to, message as Message);
  },
};

/** Copies each message by way of its bytes. */
export function byCopy(): Passage {
  const encoder = new MessageEncoder();
  const decoder = new MessageDecoder();
  return {
    pass(from, to, message) {
      const bytes = encoder.encode(from, message as Message);
      try {
        return decoder.decode(to, bytes, 0, bytes.length);
      } catch (cause) {
        throw new ConnectError(
          `the message is no ${to.typeName}: ${String(cause)}`,
          Code.Internal,
          undefined,
          undefined,
          cause,
        );
      }
    },
  };
}
