/** Puts gRPC's five bytes in front of a message. */
export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The whole messages at the start of what has arrived, and the rest. */
function unframe(bytes: Buffer): { messages: Buffer[]; rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** Messages of a stream, one after the other. */
export async function* readMessages(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 5;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) continue;
    const { messages, rest } = unframe(Buffer.concat(chunks));
    yield* messages;
    chunks = [rest];
    size = rest.length;
    wanted = rest.length >= 5 ? 5 + rest.readUInt32BE(1) : 5;
  }
}

/** Encodes an EchoMessage with one chunk. */
export function echoMessage(chunk: Uint8Array): Buffer {
  const head = [0x0a];
  let rest = chunk.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), chunk]);
}
