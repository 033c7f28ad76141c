import { Code, ConnectError } from "@connectrpc/connect";

const prefixBytes = 5;

/**
 * Cuts the body of a call into gRPC messages ("Length-Prefixed-Message"). Every message is a copy of its own, so a
 * message that the application keeps does not keep what arrived with it.
 */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #prefix = new Uint8Array(prefixBytes);
  #prefixHave = 0;
  #length = 0;
  #parts: Uint8Array[] = [];
  #have = 0;

  /** Messages of more than `maxBytes` are refused with RESOURCE_EXHAUSTED as soon as their prefix is read. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a message that is not complete. */
  get partialBytes(): number {
    return this.#prefixHave + this.#have;
  }

  /** Takes part of the body and calls `sink` for each complete message. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number, sink: (message: Uint8Array<ArrayBuffer>) => void): void {
    let at = start;
    while (at < end) {
      if (this.#prefixHave === 0 && end - at >= prefixBytes) {
        // The usual case, the whole message in one piece, costs one copy and no state.
        const length = this.#checkPrefix(bytes, at);
        if (length <= end - at - prefixBytes) {
          at += prefixBytes;
          sink(copy(bytes, at, at + length));
          at += length;
          continue;
        }
      }
      at = this.#gather(bytes, at, end, sink);
    }
  }

  #gather(bytes: Buffer, start: number, end: number, sink: (message: Uint8Array<ArrayBuffer>) => void): number {
    let at = start;
    while (this.#prefixHave < prefixBytes) {
      if (at === end) return at;
      this.#prefix[this.#prefixHave++] = bytes[at++]!;
      if (this.#prefixHave === prefixBytes) this.#length = this.#checkPrefix(this.#prefix, 0);
    }
    const take = Math.min(this.#length - this.#have, end - at);
    if (take > 0) this.#parts.push(bytes.subarray(at, at + take));
    this.#have += take;
    at += take;
    if (this.#have === this.#length) {
      const message = join(this.#parts, this.#length);
      this.#parts = [];
      this.#have = 0;
      this.#prefixHave = 0;
      sink(message);
    }
    return at;
  }

  #checkPrefix(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== 0) {
      const what =
        bytes[at] === 1 ? "a compressed message came, no compression was agreed" : `the message flag is ${bytes[at]}`;
      throw new ConnectError(`protocol error: ${what}`, Code.Internal);
    }
    const length = bytes[at + 1]! * 0x1000000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    if (length > this.#maxBytes) {
      throw new ConnectError(
        `a message of ${length} bytes came, the limit is ${this.#maxBytes} (maxReceiveMessageBytes)`,
        Code.ResourceExhausted,
      );
    }
    return length;
  }
}

function copy(bytes: Buffer, start: number, end: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(end - start);
  message.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
  return message;
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}
