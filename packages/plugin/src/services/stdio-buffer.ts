/** The two streams that a plugin can send to its host. */
export type StdioChannel = "stdout" | "stderr";

/** Bytes of one channel. */
export interface StdioChunk {
  readonly channel: StdioChannel;
  readonly data: Uint8Array;
}

/** The largest chunk sent, in bytes. go-plugin sends 1 KiB at most; hosts take any size below their message limit. */
export const maxStdioChunkBytes = 32 * 1024;

/** Options of {@link StdioBuffer}. */
export interface StdioBufferOptions {
  /** Bytes kept while nobody reads. At the limit the oldest go. */
  readonly maxBytes: number;
  /** Told once when bytes begin to be lost, with 0, and once with their number when a reader comes or all ends. */
  readonly onDropped: (bytes: number) => void;
}

/** Keeps what a plugin prints until its host reads it. A print never waits, unlike in go-plugin. */
export class StdioBuffer {
  readonly #options: StdioBufferOptions;
  #chunks: StdioChunk[] = [];
  #bytes = 0;
  #dropped = 0;
  #ended = false;
  #reader: object | undefined;
  #wake: (() => void) | undefined;

  constructor(options: StdioBufferOptions) {
    this.#options = options;
  }

  /** Bytes that wait for a reader. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Adds a copy of `data`. What comes after {@link end} and finds no reader any more is left for {@link takeAll}. */
  write(channel: StdioChannel, data: Uint8Array): void {
    const copy = Uint8Array.from(data);
    for (let start = 0; start < copy.length; start += maxStdioChunkBytes) {
      this.#chunks.push({ channel, data: copy.subarray(start, start + maxStdioChunkBytes) });
    }
    this.#bytes += copy.length;
    this.#dropOldest();
    this.#wake?.();
  }

  /** Takes everything that waits, as it stands. */
  takeAll(): readonly StdioChunk[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  /** Ends the stream: its reader gets what waits and then the end. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reportDropped();
    this.#wake?.();
  }

  /**
   * Yields chunks as they come, until {@link end} or `signal`. There is one reader: a second one takes over, and the
   * first one's stream ends. So a host that connects again is not deprived by a connection that nobody uses any more.
   */
  async *read(signal: AbortSignal): AsyncGenerator<StdioChunk, void, undefined> {
    const reader = {};
    this.#reader = reader;
    this.#wake?.();
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    try {
      while (this.#reader === reader && !signal.aborted) {
        this.#reportDropped();
        const chunk = this.#take();
        if (chunk !== undefined) {
          yield chunk;
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          if (this.#reader === reader) this.#wake = undefined;
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      if (this.#reader === reader) this.#reader = undefined;
    }
  }

  /** The oldest chunk, with those of its channel that follow and still fit into one message. */
  #take(): StdioChunk | undefined {
    const first = this.#chunks[0];
    if (first === undefined) return undefined;
    let count = 1;
    let bytes = first.data.length;
    for (let next = this.#chunks[1]; next?.channel === first.channel; next = this.#chunks[count]) {
      if (bytes + next.data.length > maxStdioChunkBytes) break;
      bytes += next.data.length;
      count++;
    }
    const taken = this.#chunks.splice(0, count);
    this.#bytes -= bytes;
    if (count === 1) return first;
    return { channel: first.channel, data: Buffer.concat(taken.map((chunk) => chunk.data)) };
  }

  #dropOldest(): void {
    let count = 0;
    let bytes = 0;
    while (this.#bytes - bytes > this.#options.maxBytes) bytes += this.#chunks[count++]!.data.length;
    if (count === 0) return;
    this.#chunks.splice(0, count);
    this.#bytes -= bytes;
    const isFirst = this.#dropped === 0;
    this.#dropped += bytes;
    if (isFirst) this.#options.onDropped(0);
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    const bytes = this.#dropped;
    this.#dropped = 0;
    this.#options.onDropped(bytes);
  }
}
