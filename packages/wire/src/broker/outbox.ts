import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ConnInfoSchema } from "@tenon/core";

/** A message of the broker's stream, on its way out. */
export type OutgoingInfo = MessageInitShape<typeof ConnInfoSchema>;

/** Messages for the other side, in order; they wait until its stream is there. One reader. */
export class Outbox implements AsyncIterable<OutgoingInfo> {
  #waiting: OutgoingInfo[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  /** Sends, or drops what nobody can receive any more. */
  send(message: OutgoingInfo): void {
    if (this.#ended) return;
    this.#waiting.push(message);
    this.#wake?.();
  }

  /** What waits is dropped. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutgoingInfo, void, undefined> {
    while (!this.#ended) {
      const messages = this.#waiting;
      this.#waiting = [];
      yield* messages;
      if (this.#waiting.length > 0 || this.#ended) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
