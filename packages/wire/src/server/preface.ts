import type { Duplex } from "node:stream";
import { ErrorCode, FrameType, frameHeaderBytes } from "../http2/constants.js";
import { formatGoaway } from "../http2/payloads.js";

/** A byte stream that is turned away has so long to close its side. */
const lingerMs = 1000;

/** The wait for a preface. */
export interface Greeting {
  /** Waits no longer than so many milliseconds from now. */
  hurry(ms: number): void;
}

/**
 * Waits for the client's connection preface (RFC 9113 §3.4). Calls `done` once: with the bytes that came behind it, or
 * with undefined when other bytes came, the stream ended, or the time was over.
 */
export function readPreface(
  stream: Duplex,
  preface: string,
  timeoutMs: number,
  done: (rest: Buffer | undefined) => void,
): Greeting {
  let seen: Buffer = Buffer.alloc(0);
  const finish = (rest: Buffer | undefined) => {
    clearTimeout(timer);
    stream.off("data", onData);
    stream.off("error", onEnd);
    stream.off("end", onEnd);
    stream.off("close", onEnd);
    stream.on("error", ignoreError);
    done(rest);
  };
  const onEnd = () => finish(undefined);
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    if (seen.toString("latin1", 0, length) !== preface.slice(0, length)) finish(undefined);
    else if (length === preface.length) finish(seen.subarray(length));
  };
  let timer = setTimeout(onEnd, timeoutMs);
  timer.unref();
  stream.on("data", onData);
  stream.on("error", onEnd);
  stream.on("end", onEnd);
  stream.on("close", onEnd);
  const dueAt = performance.now() + timeoutMs;
  return {
    hurry(ms) {
      if (performance.now() + ms >= dueAt) return;
      clearTimeout(timer);
      timer = setTimeout(onEnd, ms);
    },
  };
}

/**
 * Ends a byte stream on which no call was taken so that an HTTP/2 client knows: SETTINGS, and a GOAWAY that accepts no
 * stream. What it has sent is read and dropped: closing over unread bytes would reset the connection before it has heard.
 */
export function turnAway(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.on("error", ignoreError);
  const goaway = formatGoaway(0, ErrorCode.noError, "");
  stream.end(Buffer.concat([frameHeader(0, FrameType.settings), frameHeader(goaway.length, FrameType.goaway), goaway]));
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), lingerMs);
  stream.once("close", () => clearTimeout(timer));
}

function frameHeader(length: number, type: number): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  return header;
}

function ignoreError(): void {}
