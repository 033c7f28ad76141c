import { Duplex } from "node:stream";
import { resetStream } from "./reset-stream.js";

type Done = (error?: Error | null) => void;

/** Bytes under way at most: what a fast link of some length holds. */
const maxUnderWayBytes = 64 * 1024 * 1024;

/**
 * A byte stream like `inner` whose writes arrive `delayMs` later, in order, however many are under way: a link that is long
 * and fast. Wrap both ends for a round trip of twice that time. Reading is not delayed. It owns `inner`.
 */
export function delayWrites(inner: Duplex, delayMs: number): Duplex {
  return new DelayedStream(inner, delayMs);
}

class DelayedStream extends Duplex {
  readonly #inner: Duplex;
  readonly #delayMs: number;
  readonly #underWay: { readonly dueAt: number; readonly chunk: Buffer; readonly done: Done }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(inner: Duplex, delayMs: number) {
    super({ allowHalfOpen: true, writableHighWaterMark: maxUnderWayBytes });
    this.#inner = inner;
    this.#delayMs = delayMs;
    inner.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause();
    });
    inner.pause();
    inner.on("end", () => this.push(null));
    inner.on("error", (error) => this.destroy(error));
    inner.on("close", () => {
      // After a proper end this stream closes by itself, once it has been read.
      if (!inner.readableEnded || !inner.writableFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // A copy: the writer may use its memory again once the write is done, which is at once.
    this.#underWay.push({ dueAt: performance.now() + this.#delayMs, chunk: Buffer.from(chunk), done: () => {} });
    this.#wait();
    done();
  }

  override _final(done: Done): void {
    this.#underWay.push({
      dueAt: performance.now() + this.#delayMs,
      chunk: Buffer.alloc(0),
      done: () => this.#inner.end(done),
    });
    this.#wait();
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    if (error === null) this.#inner.destroy();
    else resetStream(this.#inner, error);
    done(error);
  }

  #wait(): void {
    const first = this.#underWay[0];
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#deliver();
    }, first.dueAt - performance.now());
  }

  #deliver(): void {
    const now = performance.now();
    while ((this.#underWay[0]?.dueAt ?? Number.POSITIVE_INFINITY) <= now) {
      const { chunk, done } = this.#underWay.shift()!;
      if (chunk.length > 0) this.#inner.write(chunk);
      done();
    }
    this.#wait();
  }
}
