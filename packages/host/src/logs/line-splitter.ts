import type { LogPart } from "./record.js";

/** Cuts a byte stream into lines of text, holding at most `maxLineBytes` bytes. */
export interface LineSplitter {
  /** Takes the next bytes. They are not kept: the caller may reuse the memory. */
  push(chunk: Uint8Array): void;
  /** Hands out what is left as a last line. Call it once, at the end of the stream. */
  end(): void;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Creates a splitter that calls `onLine` for every line, without its line end (`\n` or `\r\n`).
 * A line longer than `maxLineBytes` comes in pieces of at most that size, cut between characters, each with its place.
 * Bytes that are no UTF-8 become U+FFFD.
 */
export function createLineSplitter(
  maxLineBytes: number,
  onLine: (text: string, part: LogPart | undefined) => void,
): LineSplitter {
  let held = Buffer.alloc(0);
  let heldBytes = 0;
  let pieces = 0;

  const hold = (bytes: Uint8Array): void => {
    const needed = heldBytes + bytes.length;
    if (needed > held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(held.length * 2, maxLineBytes)));
      held.copy(grown, 0, 0, heldBytes);
      held = grown;
    }
    held.set(bytes, heldBytes);
    heldBytes = needed;
  };

  const emitPieces = (): void => {
    while (heldBytes > maxLineBytes) {
      const cut = characterBoundary(held, maxLineBytes);
      onLine(held.toString("utf8", 0, cut), { index: pieces++, last: false });
      held.copyWithin(0, cut, heldBytes);
      heldBytes -= cut;
    }
  };

  const append = (bytes: Uint8Array): void => {
    // Fed slice by slice, so that a huge chunk without a line end never makes the held bytes more than twice the limit.
    for (let start = 0; start < bytes.length; start += maxLineBytes) {
      hold(bytes.subarray(start, start + maxLineBytes));
      emitPieces();
    }
  };

  const finish = (): void => {
    const end = heldBytes > 0 && held[heldBytes - 1] === carriageReturn ? heldBytes - 1 : heldBytes;
    const text = held.toString("utf8", 0, end);
    const part = pieces === 0 ? undefined : { index: pieces, last: true };
    heldBytes = 0;
    pieces = 0;
    onLine(text, part);
  };

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let start = 0;
      for (;;) {
        const lineEnd = bytes.indexOf(lineFeed, start);
        if (lineEnd === -1) break;
        if (heldBytes === 0 && pieces === 0 && lineEnd - start <= maxLineBytes) {
          const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
          onLine(bytes.toString("utf8", start, end), undefined);
        } else {
          append(bytes.subarray(start, lineEnd));
          finish();
        }
        start = lineEnd + 1;
      }
      if (start < bytes.length) append(bytes.subarray(start));
    },
    end() {
      if (heldBytes > 0 || pieces > 0) finish();
    },
  };
}

/** The largest cut at or before `limit` that does not fall inside a UTF-8 sequence; `limit` itself where the bytes are no UTF-8. */
function characterBoundary(bytes: Uint8Array, limit: number): number {
  for (let cut = limit; cut > limit - 4 && cut > 0; cut--) {
    if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  }
  return limit;
}
