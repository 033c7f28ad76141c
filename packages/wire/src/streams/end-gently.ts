import type { Duplex } from "node:stream";

/** A peer that does not close its side of the byte stream after ours is cut off after this time. */
const lingerMs = 1000;

/** Ends a byte stream behind what was written to it, so that the last of it, a go-away, arrives. */
export function endGently(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.end();
  stream.resume();
  const linger = setTimeout(() => stream.destroy(), lingerMs);
  linger.unref();
  stream.once("close", () => clearTimeout(linger));
}
