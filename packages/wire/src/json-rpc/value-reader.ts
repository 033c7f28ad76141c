import { TenonError } from "@tenon/core";

/** How deep objects and lists may be nested. Messages of protobuf end at 100. */
const maxDepth = 1000;

/** How much of what is no JSON object is shown in the error. */
const shownBytes = 80;

const quote = 0x22;
const backslash = 0x5c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * Cuts a byte stream into JSON objects. They need nothing between them: several may come at once, and each may come in any number of
 * pieces, as Go's decoder takes them. Only braces, brackets and texts are looked at; whether a piece is JSON is for a parser to say.
 */
export class ValueReader {
  readonly #maxBytes: number;
  readonly #take: (text: string) => void;
  /** Earlier pieces of the value that is not complete. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #depth = 0;
  #inText = false;
  #isEscaped = false;

  /** `take` gets each complete object, in order. What it throws goes through `push`, and nothing more is read. */
  constructor(maxBytes: number, take: (text: string) => void) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  /** Bytes of a value that has begun and is not complete. */
  get partialBytes(): number {
    return this.#pieceBytes;
  }

  /** Reads on. @throws {@link TenonError} `json-rpc-malformed` for anything but objects, `json-rpc-too-long` */
  push(chunk: Uint8Array): void {
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#depth === 0) {
        at = skipBlanks(chunk, at);
        if (at === chunk.length) return;
        if (chunk[at] !== openObject) throw notAnObject(chunk.subarray(at));
        start = at;
      }
      at = this.#scan(chunk, at);
      if (this.#pieceBytes + at - start > this.#maxBytes) throw tooLong(this.#maxBytes);
      if (this.#depth > 0) break;
      this.#finish(chunk.subarray(start, at));
    }
    if (this.#depth === 0) return;
    // A copy, for the stream may use its memory again.
    this.#pieces.push(Uint8Array.prototype.slice.call(chunk, start));
    this.#pieceBytes += chunk.length - start;
  }

  /** Goes to the end of the value, or of the chunk. */
  #scan(chunk: Uint8Array, from: number): number {
    let depth = this.#depth;
    let inText = this.#inText;
    let isEscaped = this.#isEscaped;
    let at = from;
    do {
      const byte = chunk[at++]!;
      if (inText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) inText = false;
      } else if (byte === quote) {
        inText = true;
      } else if (byte === openObject || byte === openList) {
        if (++depth > maxDepth) throw malformed(`it nests values more than ${maxDepth} deep`);
      } else if (byte === closeObject || byte === closeList) {
        depth--;
      }
    } while (depth > 0 && at < chunk.length);
    this.#depth = depth;
    this.#inText = inText;
    this.#isEscaped = isEscaped;
    return at;
  }

  #finish(last: Uint8Array): void {
    let bytes = last;
    if (this.#pieceBytes > 0) {
      bytes = Buffer.concat([...this.#pieces, last]);
      this.#pieces = [];
      this.#pieceBytes = 0;
    }
    this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  }
}

function skipBlanks(chunk: Uint8Array, from: number): number {
  let at = from;
  for (; at < chunk.length; at++) {
    const byte = chunk[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** An error of the code `json-rpc-malformed`. */
export function malformed(why: string, cause?: unknown): TenonError {
  return new TenonError("json-rpc-malformed", `What the other side sent is no JSON-RPC: ${why}.`, { cause });
}

function notAnObject(bytes: Uint8Array): TenonError {
  const shown = Buffer.from(bytes.subarray(0, shownBytes)).toString("utf8");
  return malformed(`where an object should begin stands ${JSON.stringify(shown)}`);
}

function tooLong(maxBytes: number): TenonError {
  return new TenonError(
    "json-rpc-too-long",
    `The other side sent a JSON-RPC message of more than ${maxBytes} bytes (maxMessageBytes).`,
    { facts: { maxBytes } },
  );
}
