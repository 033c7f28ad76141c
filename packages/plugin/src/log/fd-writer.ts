import { writeSync } from "node:fs";

/** How {@link createFdWriter} waits for a reader. */
export interface FdWriterOptions {
  /**
   * How long to wait, in milliseconds, for a non-blocking descriptor that takes nothing, before text is dropped.
   * Default: 1000. A descriptor that blocks, the usual kind, waits for its reader for ever instead.
   */
  readonly stallTimeoutMs?: number;
  /** Called with the number of texts dropped, when writing works again; may write. Default: nothing. */
  readonly onRecovered?: (dropped: number) => void;
  /** Stands in for `fs.writeSync`. */
  readonly write?: (fd: number, bytes: Uint8Array) => number;
}

/**
 * Makes a function that writes text to a descriptor before it returns, so that nothing is pending when the process exits
 * or crashes. It never throws: a descriptor whose reader is gone swallows everything, one that stays full drops whole
 * texts and counts them. It returns false for a text that was not written.
 */
export function createFdWriter(fd: number, options: FdWriterOptions = {}): (text: string | Uint8Array) => boolean {
  const { stallTimeoutMs = 1000, onRecovered, write = writeSync } = options;
  let dropped = 0;
  let torn = false;
  const put = (text: string | Uint8Array): boolean => {
    // While stalled, one attempt is enough: waiting again for each text would stop the whole process.
    const outcome = writeFully(fd, text, dropped > 0 ? 0 : stallTimeoutMs, write);
    if (outcome !== "written") {
      torn ||= outcome === "torn";
      dropped++;
      return false;
    }
    if (dropped > 0) {
      const count = dropped;
      dropped = 0;
      onRecovered?.(count);
    }
    return true;
  };
  return (text) => {
    if (!torn) return put(text);
    // The reader saw the beginning of a text; end its line so that the next one stands by itself.
    if (writeFully(fd, "\n", 0, write) !== "written") {
      dropped++;
      return false;
    }
    torn = false;
    return put(text);
  };
}

/** How a {@link writeFully} ended; `torn`: a part was written and the rest had to be given up. */
export type WriteOutcome = "written" | "dropped" | "torn";

/**
 * Writes all of a text to a descriptor before it returns. It waits up to `stallTimeoutMs` for a non-blocking descriptor
 * that takes nothing. Errors such as a closed pipe count as dropped.
 */
export function writeFully(
  fd: number,
  text: string | Uint8Array,
  stallTimeoutMs: number,
  write: (fd: number, bytes: Uint8Array) => number = writeSync,
): WriteOutcome {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  let offset = 0;
  let stalledMs = 0;
  while (offset < bytes.length) {
    try {
      offset += write(fd, offset === 0 ? bytes : bytes.subarray(offset));
      stalledMs = 0;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EINTR") continue;
      if (code !== "EAGAIN" || stalledMs >= stallTimeoutMs) return offset > 0 ? "torn" : "dropped";
      sleep(1);
      stalledMs++;
    }
  }
  return "written";
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
