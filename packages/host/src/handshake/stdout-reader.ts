import type { Readable } from "node:stream";
import { maxHandshakeLineBytes } from "@tenon/core";
import { createDeferred } from "../async/deferred.js";

/** What came first on a plugin's standard output. */
type FirstLine =
  /** A line; `isComplete` is false where the output ended without a line end. */
  | { readonly kind: "line"; readonly text: string; readonly isComplete: boolean }
  /** More than 64 KiB without a line end. */
  | { readonly kind: "too-long" }
  /** The output was closed with nothing written. */
  | { readonly kind: "closed" };

/** Reads the standard output of one plugin from its start to its end. */
export interface StdoutReader {
  /** Resolves as soon as the first line is known. Never rejects. */
  readonly firstLine: Promise<FirstLine>;
  /** The beginning of what came before the end of the first line, as text. */
  head(): string;
  /** Resolves when the stream has ended or was destroyed. */
  readonly ended: Promise<void>;
}

const lineFeed = 0x0a;
const headBytes = 1024;

/**
 * Starts reading. Everything after the first line goes to `onRest`, for the whole life of the stream: a plugin whose output
 * nobody reads would block once its pipe is full. After a line that is too long the rest is passed on as well.
 */
export function readStdout(stdout: Readable, onRest: (chunk: Uint8Array) => void): StdoutReader {
  const { promise: firstLine, resolve } = createDeferred<FirstLine>();
  const { promise: ended, resolve: resolveEnded } = createDeferred<void>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isFound = false;

  const found = (line: FirstLine): void => {
    isFound = true;
    resolve(line);
  };

  stdout.on("data", (chunk: Buffer) => {
    if (isFound) {
      onRest(chunk);
      return;
    }
    const lineEnd = chunk.indexOf(lineFeed);
    const part = lineEnd === -1 ? chunk : chunk.subarray(0, lineEnd);
    const room = maxHandshakeLineBytes - bytes;
    // A copy: a plugin that sends byte by byte must not keep one read buffer alive for each of them.
    chunks.push(Buffer.from(part.subarray(0, room)));
    bytes += part.length;
    if (bytes >= maxHandshakeLineBytes) {
      found({ kind: "too-long" });
      onRest(chunk.subarray(Math.min(room, chunk.length)));
    } else if (lineEnd !== -1) {
      found({ kind: "line", text: Buffer.concat(chunks).toString("utf8"), isComplete: true });
      if (lineEnd + 1 < chunk.length) onRest(chunk.subarray(lineEnd + 1));
    }
  });

  const finish = (): void => {
    if (!isFound) {
      found(
        bytes === 0
          ? { kind: "closed" }
          : { kind: "line", text: Buffer.concat(chunks).toString("utf8"), isComplete: false },
      );
    }
    resolveEnded();
  };
  stdout.once("end", finish);
  stdout.once("close", finish);

  return {
    firstLine,
    head: () => Buffer.concat(chunks).toString("utf8", 0, Math.min(bytes, headBytes)),
    ended,
  };
}
