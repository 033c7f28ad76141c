import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { MessageDecoder } from "../codec/message-decoder.js";

/** From this size on a copy of its `bytes` fields costs more than protobuf-es, which makes views. */
const minViewBytes = 4096;

/** Decodes the message `bytes[start..end)`. What comes out refers to `bytes` only where those are the message's `own`. */
export function decodeMessage<Desc extends DescMessage>(
  decoder: MessageDecoder,
  desc: Desc,
  bytes: Uint8Array,
  start: number,
  end: number,
  own: boolean,
): MessageShape<Desc> {
  if (own && bytes.length >= minViewBytes) return fromBinary(desc, bytes);
  return decoder.decode(desc, bytes, start, end);
}
