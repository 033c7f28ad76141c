/** Keeps the last lines of a stream for error messages and outcomes, within a fixed amount of memory. */
export interface Tail {
  /** Adds a line; the oldest one makes room for it. */
  push(line: string): void;
  /** The lines kept, oldest first. */
  lines(): readonly string[];
}

const maxTailLineLength = 2048;

/** Creates a tail of at most `maxLines` lines; each is cut after 2048 characters. Blank lines are not kept. */
export function createTail(maxLines: number): Tail {
  const ring: string[] = [];
  let next = 0;
  return {
    push(line) {
      if (maxLines === 0 || line.trim() === "") return;
      ring[next] = line.length > maxTailLineLength ? `${line.slice(0, maxTailLineLength)}…` : line;
      next = (next + 1) % maxLines;
    },
    lines() {
      return ring.length < maxLines ? [...ring] : [...ring.slice(next), ...ring.slice(0, next)];
    },
  };
}
