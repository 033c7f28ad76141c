import type { Duplex } from "node:stream";

/**
 * Waits for the client's connection preface (RFC 9113 §3.4). Calls `done` once: with the bytes that came behind it, or
 * with undefined when other bytes came, the stream ended, or the time was over.
 */
export function readPreface(
  stream: Duplex,
  preface: string,
  timeoutMs: number,
  done: (rest: Buffer | undefined) => void,
): void {
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
  const timer = setTimeout(() => finish(undefined), timeoutMs);
  timer.unref();
  stream.on("data", onData);
  stream.on("error", onEnd);
  stream.on("end", onEnd);
  stream.on("close", onEnd);
}

function ignoreError(): void {}
