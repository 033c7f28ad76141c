import { Code, ConnectError } from "@connectrpc/connect";
import { createBallast, createMemory } from "./message-memory.js";

const prefixBytes = 5;

/** So many parts of a message may be as small as they like; beyond them, parts have this many bytes on average. */
const maxTinyParts = 1000;
const minPartBytes = 16;
/** Memory that a message may get before its bytes are there, once 1 of 32 is. Later it gets 4 times what it has. */
const maxEagerBytes = 2 * 1024 * 1024;
/** Larger messages get memory of their own even if they came in one piece: their `bytes` fields are views of it. */
const maxInPlaceBytes = 16_384;
const nothing: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Gets each complete message. */
export interface MessageSink {
  /**
   * The message is `bytes[start..end)`: a part of what has just arrived, which must not be kept for long, or its `own`
   * memory that holds nothing else.
   */
  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean, own: boolean): void;
}

/**
 * Cuts the body of a call into gRPC messages ("Length-Prefixed-Message"). A small one that came in one piece stays where it
 * came, others are put together. Memory follows what has arrived, whatever the prefix announces and however small the parts are.
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** Whether a compressed message is one that was announced. */
  mayBeCompressed: boolean;
  /** Made for the first message that comes in parts: calls rarely see one. */
  #prefix: Uint8Array = nothing;
  #prefixHave = 0;
  #length = 0;
  #partCount = 0;
  #have = 0;
  /** The message as far as it has come, in memory that becomes its own. */
  #message: Uint8Array<ArrayBuffer> = nothing;
  /** See createBallast. */
  ballast: unknown;
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

  /** Takes part of the body and tells `sink` of each complete message. Throws ConnectError for what gRPC forbids. */
  feed(bytes: Buffer, start: number, end: number, sink: MessageSink): void {
    let at = start;
    while (at < end) {
      if (this.#prefixHave === 0 && end - at >= prefixBytes) {
        // The usual case, the whole message in one piece, costs neither copy nor state.
        const length = this.#checkPrefix(bytes, at);
        if (length <= maxInPlaceBytes && length <= end - at - prefixBytes) {
          const compressed = bytes[at] === 1;
          at += prefixBytes;
          sink.onMessage(bytes, at, at + length, compressed, false);
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
      const compressed = this.#prefix[0] === 1;
      const message = this.#take();
      sink.onMessage(message, 0, message.length, compressed, true);
    } else if (this.#partCount > maxTinyParts + this.#have / minPartBytes) {
      throw new ConnectError(
        `a message of ${this.#length} bytes comes in parts of less than ${minPartBytes} bytes`,
        Code.ResourceExhausted,
      );
    }
    return at;
  }

  /** Puts part of the message where it belongs. */
  #add(bytes: Buffer, at: number, length: number): void {
    const needed = this.#have + length;
    if (needed > this.#message.length) {
      // Most messages get their final memory with their first large part.
      const room = Math.max(needed * 4, Math.min(needed * 32, maxEagerBytes));
      const grown = createMemory(Math.min(room, this.#length));
      this.ballast = createBallast(grown.length);
      grown.set(this.#message.subarray(0, this.#have));
      this.#message = grown;
    }
    this.#message.set(new Uint8Array(bytes.buffer, bytes.byteOffset + at, length), this.#have);
    this.#have = needed;
  }

  /** The complete message. The next one begins afresh. */
  #take(): Uint8Array<ArrayBuffer> {
    const message = this.#message;
    this.#message = nothing;
    this.ballast = undefined;
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
