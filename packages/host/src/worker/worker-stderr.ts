import { Readable } from "node:stream";
import type { ByteRing } from "@tenon/wire/port-ring";

/** What a thread writes as its standard error, by both its ways. */
export interface JoinedStderr {
  readonly stream: Readable;
  /** The thread has rung: there is something in the ring. */
  ring(): void;
  /** Adds a line of the host's own behind what has come. */
  addLine(line: string): void;
  /** The thread has ended; `stream` ends behind what is left. */
  end(): void;
}

/**
 * Joins what the thread writes by Node's own stream, before the plugin's library takes over, and what it writes into the ring after that.
 * Neither side ever waits for the host's reader longer than the thread itself wants to.
 */
export function joinStderr(early: Readable, ring: ByteRing): JoinedStderr {
  let isWanted = false;
  let hasEnded = false;
  let hasEarlyEnded = false;
  const drain = () => {
    while (isWanted) {
      const bytes = ring.read();
      if (bytes === undefined) break;
      isWanted = stream.push(bytes);
    }
    if (isWanted && hasEnded && hasEarlyEnded) {
      isWanted = false;
      stream.push(null);
    }
  };
  const stream = new Readable({
    read() {
      isWanted = true;
      early.resume();
      drain();
    },
  });
  early.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) early.pause();
  });
  early.on("error", () => {});
  early.on("close", () => {
    hasEarlyEnded = true;
    drain();
  });
  early.pause();
  return {
    stream,
    ring: drain,
    addLine(line) {
      for (let bytes = ring.read(); bytes !== undefined; bytes = ring.read()) stream.push(bytes);
      stream.push(`${line}\n`);
    },
    end() {
      hasEnded = true;
      drain();
    },
  };
}
