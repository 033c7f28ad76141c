import type { Duplex } from "node:stream";
import { nextTick } from "../runtime.js";

/** Writes lines to a byte stream, those of one turn of the event loop together. */
export class LineWriter {
  readonly #stream: Duplex;
  #lines: string[] = [];
  #waitingChars = 0;
  #isEnding = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** About how many bytes the peer has not taken. */
  get queuedBytes(): number {
    return this.#waitingChars + this.#stream.writableLength;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#waitingChars += line.length;
    // The promise jobs of this turn come first: what they write goes along.
    if (this.#lines.length === 1) queueMicrotask(() => nextTick(() => this.#flush()));
  }

  /** Ends our side of the stream behind what was written. */
  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  #flush(): void {
    const lines = this.#lines;
    if (lines.length > 0) {
      this.#lines = [];
      this.#waitingChars = 0;
      if (this.#stream.writable) this.#stream.write(lines.join(""));
    }
    if (this.#isEnding && this.#stream.writable) this.#stream.end();
  }
}
