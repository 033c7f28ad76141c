import { Code, ConnectError } from "@connectrpc/connect";

const prefixBytes = 5;

/** So many parts of a message may be as small as they like; beyond them, parts have this many bytes on average. */
const maxTinyParts = 1000;
const minPartBytes = 16;
/** Smaller parts are gathered by copying: a view of each would take more memory than the part. */
const minViewBytes = 1024;
/** A view keeps the whole chunk that it is a part of: it must be at least this share of it. */
const maxViewShare = 8;
const maxTailBytes = 65_536;
const nothing = new Uint8Array(0);

/** Gets each complete message, and whether it is compressed. */
export type MessageSink = (message: Uint8Array<ArrayBuffer>, compressed: boolean) => void;

/**
 * Cuts the body of a call into gRPC messages ("Length-Prefixed-Message"). Every message is a copy of its own, so a
 * message that the application keeps does not keep what arrived with it. Memory follows what has arrived, whatever the
 * prefix announces and however small the parts are.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** Whether a compressed message is one that was announced. */
  mayBeCompressed: boolean;
  /** Made for the first message that comes in parts: calls rarely see one. */
  #prefix: Uint8Array = nothing;
  #prefixHave = 0;
  #length = 0;
  #parts: Uint8Array[] = [];
  #partCount = 0;
  #have = 0;
  /** Where small parts are gathered; its first `#tailHave` bytes come behind `#parts`. */
  #tail: Uint8Array = nothing;
  #tailHave = 0;
  /** Grows with each part of a message that did not come in one piece. */
  progress = 0;

  /**
   * Messages of more than `maxBytes` are refused with RESOURCE_EXHAUSTED as soon as their prefix is read, compressed
   * ones with INTERNAL unless `mayBeCompressed`.
   */
  constructor(maxBytes: number, mayBeCompressed: boolean) {
    this.#maxBytes = maxBytes;
    this.mayBeCompressed = mayBeCompressed;
  }

  /** Bytes of a message that is not complete. */
  get partialBytes(): number {
    return this.#prefixHave + this.#have;
  }

  /** Takes part of the body and calls `sink` for each complete message. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number, sink: MessageSink): void {
    let at = start;
    while (at < end) {
      if (this.#prefixHave === 0 && end - at >= prefixBytes) {
        // The usual case, the whole message in one piece, costs one copy and no state.
        const length = this.#checkPrefix(bytes, at);
        if (length <= end - at - prefixBytes) {
          const compressed = bytes[at] === 1;
          at += prefixBytes;
          sink(copy(bytes, at, at + length), compressed);
          at += length;
          continue;
        }
      }
      at = this.#gather(bytes, at, end, sink);
    }
  }

  #gather(bytes: Buffer, start: number, end: number, sink: MessageSink): number {
    let at = start;
    this.progress++;
    this.#partCount++;
    if (this.#prefix === nothing) this.#prefix = new Uint8Array(prefixBytes);
    while (this.#prefixHave < prefixBytes) {
      if (at === end) return at;
      this.#prefix[this.#prefixHave++] = bytes[at++]!;
      if (this.#prefixHave === prefixBytes) this.#length = this.#checkPrefix(this.#prefix, 0);
    }
    const take = Math.min(this.#length - this.#have, end - at);
    if (take > 0) this.#add(bytes, at, take);
    at += take;
    if (this.#have === this.#length) {
      const message = this.#join();
      sink(message, this.#prefix[0] === 1);
    } else if (this.#partCount > maxTinyParts + this.#have / minPartBytes) {
      throw new ConnectError(
        `a message of ${this.#length} bytes comes in parts of less than ${minPartBytes} bytes`,
        Code.ResourceExhausted,
      );
    }
    return at;
  }

  #add(bytes: Buffer, at: number, length: number): void {
    this.#have += length;
    if (length >= minViewBytes && length * maxViewShare >= bytes.length) {
      this.#sealTail();
      this.#parts.push(bytes.subarray(at, at + length));
      return;
    }
    let from = at;
    const end = at + length;
    while (from < end) {
      if (this.#tailHave === this.#tail.length) {
        const size = Math.min(Math.max(256, this.#tail.length * 2), maxTailBytes);
        this.#sealTail();
        this.#tail = new Uint8Array(size);
      }
      const take = Math.min(end - from, this.#tail.length - this.#tailHave);
      this.#tail.set(bytes.subarray(from, from + take), this.#tailHave);
      this.#tailHave += take;
      from += take;
    }
  }

  /** What was gathered becomes a part of its own, without the room that is left. */
  #sealTail(): void {
    if (this.#tailHave > 0) {
      const full = this.#tailHave * 2 > this.#tail.length;
      this.#parts.push(full ? this.#tail.subarray(0, this.#tailHave) : this.#tail.slice(0, this.#tailHave));
    }
    this.#tail = nothing;
    this.#tailHave = 0;
  }

  /** The complete message. The next one begins afresh. */
  #join(): Uint8Array<ArrayBuffer> {
    this.#sealTail();
    const message = unwritten(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#partCount = 0;
    this.#have = 0;
    this.#prefixHave = 0;
    return message;
  }

  #checkPrefix(bytes: Uint8Array, at: number): number {
    const flag = bytes[at]!;
    if (flag !== 0 && (flag !== 1 || !this.mayBeCompressed)) {
      const what =
        flag === 1 ? "a compressed message came, no compression was announced" : `the message flag is ${flag}`;
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

/** Memory that is not set to zero where that would cost: every byte of it is written before anybody reads it. */
function unwritten(length: number): Uint8Array<ArrayBuffer> {
  return length < 4096 ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
