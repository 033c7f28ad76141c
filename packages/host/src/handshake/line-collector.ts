import { maxHandshakeLineBytes } from "@tenon/core";

/** What came first on a plugin's standard output. */
export type FirstLine =
  /** A line; `isComplete` is false where the output ended without a line end. */
  | { readonly kind: "line"; readonly text: string; readonly isComplete: boolean }
  /** More than 64 KiB without a line end. */
  | { readonly kind: "too-long" }
  /** The output was closed with nothing written. */
  | { readonly kind: "closed" };

/** Puts the first line of an output together from its chunks. */
export interface LineCollector {
  /** Takes the next chunk. Gives the line once it is known, with the bytes of the chunk that are behind it. Not to be called again then. */
  add(chunk: Buffer): { readonly line: FirstLine; readonly rest: Buffer } | undefined;
  /** The output has ended without a line end. */
  end(): FirstLine;
  /** The beginning of what came before the end of the line, as text. */
  head(): string;
}

const lineFeed = 0x0a;
const headBytes = 1024;

/** Creates a collector that has seen nothing. */
export function createLineCollector(): LineCollector {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const text = () => Buffer.concat(chunks).toString("utf8");
  return {
    add(chunk) {
      const lineEnd = chunk.indexOf(lineFeed);
      const part = lineEnd === -1 ? chunk : chunk.subarray(0, lineEnd);
      const room = maxHandshakeLineBytes - bytes;
      // A copy: a plugin that sends byte by byte must not keep one read buffer alive for each of them.
      chunks.push(Buffer.from(part.subarray(0, room)));
      bytes += part.length;
      if (bytes >= maxHandshakeLineBytes) return { line: { kind: "too-long" }, rest: chunk.subarray(room) };
      if (lineEnd === -1) return undefined;
      return { line: { kind: "line", text: text(), isComplete: true }, rest: chunk.subarray(lineEnd + 1) };
    },
    end: () => (bytes === 0 ? { kind: "closed" } : { kind: "line", text: text(), isComplete: false }),
    head: () => Buffer.concat(chunks).toString("utf8", 0, Math.min(bytes, headBytes)),
  };
}
