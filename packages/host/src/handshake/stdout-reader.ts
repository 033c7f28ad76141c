import type { Readable } from "node:stream";
import { createDeferred } from "../async/deferred.js";
import { createLineCollector, type FirstLine } from "./line-collector.js";

/** Reads the standard output of one plugin from its start to its end. */
export interface StdoutReader {
  /** Resolves as soon as the first line is known. Never rejects. */
  readonly firstLine: Promise<FirstLine>;
  /** The beginning of what came before the end of the first line, as text. */
  head(): string;
  /** Resolves when the stream has ended or was destroyed. */
  readonly ended: Promise<void>;
}

/**
 * Starts reading. Everything after the first line goes to `onRest`, for the whole life of the stream: a plugin whose output
 * nobody reads would block once its pipe is full. After a line that is too long the rest is passed on as well.
 */
export function readStdout(stdout: Readable, onRest: (chunk: Uint8Array) => void): StdoutReader {
  const { promise: firstLine, resolve } = createDeferred<FirstLine>();
  const { promise: ended, resolve: resolveEnded } = createDeferred<void>();
  const collector = createLineCollector();
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
    const first = collector.add(chunk);
    if (first === undefined) return;
    found(first.line);
    if (first.rest.length > 0) onRest(first.rest);
  });

  const finish = (): void => {
    if (!isFound) found(collector.end());
    resolveEnded();
  };
  stdout.once("end", finish);
  stdout.once("close", finish);

  return { firstLine, head: () => collector.head(), ended };
}

/**
 * Reads the first line and nothing behind it: the stream is paused then, with what follows in it. The promise never rejects.
 */
export function readFirstLine(stdout: Readable): Pick<StdoutReader, "firstLine" | "head"> {
  const { promise: firstLine, resolve } = createDeferred<FirstLine>();
  const collector = createLineCollector();
  const found = (line: FirstLine): void => {
    stdout.off("data", onData);
    stdout.off("end", finish);
    stdout.off("close", finish);
    resolve(line);
  };
  const onData = (chunk: Buffer): void => {
    const first = collector.add(chunk);
    if (first === undefined) return;
    stdout.pause();
    found(first.line);
    if (first.rest.length > 0) stdout.unshift(first.rest);
  };
  const finish = (): void => found(collector.end());
  stdout.on("data", onData);
  stdout.on("end", finish);
  stdout.on("close", finish);
  return { firstLine, head: () => collector.head() };
}
