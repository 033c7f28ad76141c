import type { Duplex } from "node:stream";

/** One attempt to connect, from the call of `connect` until the owner says that it is done, fails, or is called off. */
export class Attempt {
  readonly startedAt = performance.now();
  readonly #controller = new AbortController();
  readonly #onFailed: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  #over = false;

  /** `onStream` and `onFailed` are never called before the constructor returns, and neither after the end. */
  constructor(
    connect: (signal: AbortSignal) => Promise<Duplex>,
    timeoutMs: number,
    onStream: (stream: Duplex) => void,
    onFailed: (error: Error) => void,
  ) {
    this.#onFailed = onFailed;
    this.#timer = setTimeout(() => this.fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    void this.#run(connect, onStream);
  }

  /** The connection is there. The signal that `connect` was given never aborts from now on. */
  done(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  /** It has failed, as the owner knows: `onFailed` is called unless it is over. */
  fail(error: Error): void {
    if (this.#over) return;
    this.cancel(error);
    this.#onFailed(error);
  }

  /** Nobody needs it any more. A stream that comes too late is destroyed. */
  cancel(reason: Error): void {
    if (this.#over) return;
    this.done();
    this.#controller.abort(reason);
  }

  async #run(connect: (signal: AbortSignal) => Promise<Duplex>, onStream: (stream: Duplex) => void): Promise<void> {
    await Promise.resolve();
    if (this.#over) return;
    try {
      const stream = await connect(this.#controller.signal);
      if (this.#over) {
        stream.on("error", () => {});
        stream.destroy();
      } else if (stream.destroyed || stream.writableEnded || stream.readableEnded) {
        this.fail(new Error("connect gave a byte stream that has ended"));
      } else {
        onStream(stream);
      }
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
