import type { HpackEncoder } from "../hpack/encoder.js";
import type { HeaderField } from "../hpack/field.js";
import { Flag, FrameType, frameHeaderBytes } from "./constants.js";
import type { HeaderTemplate } from "./header-template.js";
import type { Output } from "./output.js";

/** Writes a HEADERS frame, and CONTINUATION frames when the block is larger than the frames that the peer takes. */
export function writeHeaders(
  output: Output,
  encoder: HpackEncoder,
  maxFrameSize: number,
  id: number,
  template: HeaderTemplate,
  extra: readonly HeaderField[],
  endStream: boolean,
): void {
  const flags = endStream ? Flag.endStream : 0;
  const most = template.maxBytes(extra);
  if (most <= maxFrameSize) {
    const buffer = output.reserve(frameHeaderBytes + most);
    const start = output.position;
    const end = template.encode(encoder, extra, buffer, start + frameHeaderBytes);
    output.frameHeader(start, end - start - frameHeaderBytes, FrameType.headers, flags | Flag.endHeaders, id);
    output.advance(end);
    return;
  }
  const block = Buffer.allocUnsafe(most);
  const length = template.encode(encoder, extra, block, 0);
  let type: number = FrameType.headers;
  for (let at = 0; at === 0 || at < length; at += maxFrameSize) {
    const end = Math.min(at + maxFrameSize, length);
    const last = end === length ? Flag.endHeaders : 0;
    output.frame(type, (type === FrameType.headers ? flags : 0) | last, id, block.subarray(at, end));
    type = FrameType.continuation;
  }
}
