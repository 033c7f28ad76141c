import type { SessionStream } from "./stream.js";

/** Streams of the peer that nobody has taken yet, in the order in which they came. */
export class Backlog {
  readonly #max: number;
  readonly #streams = new Set<SessionStream>();
  #takers: ((result: IteratorResult<SessionStream, undefined>) => void)[] = [];
  #ended = false;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#takers.length === 0 && this.#streams.size >= this.#max;
  }

  add(stream: SessionStream): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      stream.greet();
      taker({ done: false, value: stream });
      return;
    }
    // It may fail before anybody has seen it.
    stream.on("error", ignore);
    this.#streams.add(stream);
  }

  /** The oldest stream, once there is one; done when the session has ended. */
  take(): Promise<IteratorResult<SessionStream, undefined>> {
    const [stream] = this.#streams;
    if (stream === undefined) {
      if (this.#ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => this.#takers.push(resolve));
    }
    this.#streams.delete(stream);
    stream.off("error", ignore);
    stream.greet();
    return Promise.resolve({ done: false, value: stream });
  }

  /** The stream has ended before anybody took it. */
  remove(stream: SessionStream): void {
    this.#streams.delete(stream);
  }

  /** Nobody takes a stream any more: those that wait are reset. */
  end(): void {
    this.#ended = true;
    for (const taker of this.#takers) taker({ done: true, value: undefined });
    this.#takers = [];
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }
}

function ignore(): void {}
