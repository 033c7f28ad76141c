import { Duplex, type Readable, type Writable } from "node:stream";

type Done = (error?: Error | null) => void;

/**
 * One byte stream that reads from `readable` and writes to `writable`, such as the standard output and input of a child,
 * or two named pipes. It owns both from now on: `end()` ends the writing side alone, `destroy()` destroys both, and a
 * failure of either is its own.
 *
 * Node's `Duplex.from({ readable, writable })` hands on one chunk at a time, so what is gathered for one write leaves in
 * many, and its `destroy()` fails both sides with an AbortError.
 */
export function joinStreams(readable: Readable, writable: Writable): Duplex {
  return new JoinedStream(readable, writable);
}

class JoinedStream extends Duplex {
  readonly #readable: Readable;
  readonly #writable: Writable;

  constructor(readable: Readable, writable: Writable) {
    // What waits is counted once: in the two streams.
    super({ allowHalfOpen: true, readableHighWaterMark: 0, writableHighWaterMark: writable.writableHighWaterMark });
    this.#readable = readable;
    this.#writable = writable;
    const fail = (error: Error) => this.destroy(error);
    readable.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) readable.pause();
    });
    readable.pause();
    readable.on("end", () => this.push(null));
    readable.on("error", fail);
    readable.on("close", () => {
      if (!readable.readableEnded) this.destroy();
    });
    writable.on("error", fail);
    writable.on("close", () => {
      if (!writable.writableFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#readable.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#writable.write(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    const writable = this.#writable;
    const last = chunks.length - 1;
    writable.cork();
    chunks.forEach(({ chunk }, i) => (i === last ? writable.write(chunk, done) : writable.write(chunk)));
    writable.uncork();
  }

  override _final(done: Done): void {
    this.#writable.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#readable.destroy();
    this.#writable.destroy();
    done(error);
  }
}
