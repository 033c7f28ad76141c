import { Duplex } from "node:stream";
import { streamError } from "./duplex-pair.js";
import { resetStream } from "./reset-stream.js";

/** What happens to a stream from a chosen byte on. */
export type FaultKind =
  /** Nothing passes any more in either direction; writes back up. Ends with {@link FaultyStream.release}. */
  | "stall"
  /** Both the wrapper and the wrapped stream are destroyed with `ECONNRESET`; over TCP the peer is sent RST. */
  | "reset"
  /** Writes are acknowledged but never arrive, nothing arrives from the peer, and no end is ever seen. */
  | "half-open"
  /** The wrapped stream is ended after the byte, as by a peer that closes properly in the middle of something; what follows is swallowed. */
  | "end";

/** Faults for {@link injectFaults}. Without any the wrapper passes everything on unchanged. */
export interface Faults {
  /** Splits what is written into pieces of at most this many bytes, each in a turn of the event loop of its own. */
  readonly writeChunkBytes?: number;
  /** Bytes that may be written in a second, on average. Default: as many as the wrapped stream takes. */
  readonly writeBytesPerSecond?: number;
  /** Splits what arrives into pieces of at most this many bytes. 1 shows a parser every possible split. */
  readonly readChunkBytes?: number;
  /** The fault that sets in once `afterBytes` bytes have passed in `direction`. Default none. */
  readonly fault?: FaultKind;
  /** Bytes that still pass. Default 0: the fault sets in with the first byte. */
  readonly afterBytes?: number;
  /** Direction whose bytes are counted, seen from the holder of the wrapper. Default "write". */
  readonly direction?: "read" | "write";
}

/** A stream with faults and the switch for them. */
export interface FaultyStream {
  /** Use this in place of the wrapped stream. */
  readonly stream: Duplex;
  /** Sets a fault in: now, or once `afterBytes` further bytes have passed in the direction whose bytes are counted. */
  trip(kind: FaultKind, afterBytes?: number): void;
  /** Ends a stall; what was held back passes now. Has no effect on the other faults. */
  release(): void;
}

type Callback = (error?: Error | null) => void;

class FaultyDuplex extends Duplex {
  readonly #inner: Duplex;
  readonly #faults: Faults;
  #fault: FaultKind | undefined;
  #left: number;
  #state: "open" | "stall" | "half-open" | "over" = "open";
  #waiting: (() => void)[] = [];
  #pacing: NodeJS.Timeout | undefined;
  /** When the bytes that were written are all on their way, at the limited rate. */
  #freeAt = 0;
  /** Whether what is written goes nowhere. */
  #swallows = false;

  constructor(inner: Duplex, faults: Faults) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    this.#faults = faults;
    this.#fault = faults.fault;
    this.#left = faults.fault === undefined ? Number.POSITIVE_INFINITY : (faults.afterBytes ?? 0);
    inner.on("data", (chunk: Buffer) => this.#arrive(chunk));
    inner.on("end", () => this.#whenOpen(() => this.push(null)));
    inner.on("error", (error) => this.destroy(error));
    inner.on("close", () => {
      // After a proper end this stream closes by itself, once it has been read.
      if (!inner.readableEnded || !inner.writableFinished) this.#whenOpen(() => this.destroy());
    });
    inner.pause();
  }

  trip(kind: FaultKind, afterBytes = 0): void {
    if (this.#state === "over" || this.destroyed) return;
    if (afterBytes > 0) {
      this.#fault = kind;
      this.#left = afterBytes;
    } else if (kind === "reset") {
      this.#state = "over";
      const error = streamError("ECONNRESET", "injected fault");
      resetStream(this.#inner, error);
      this.destroy(error);
    } else if (kind === "end") {
      this.#swallows = true;
      this.#inner.end();
    } else {
      this.#swallows = kind === "half-open";
      this.#state = kind;
      this.#inner.pause();
    }
  }

  release(): void {
    if (this.#state !== "stall") return;
    this.#state = "open";
    for (const resume of this.#waiting.splice(0)) resume();
    if (!this.destroyed) this.#inner.resume();
  }

  override _read(): void {
    if (this.#state === "open") this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    const rate = this.#faults.writeBytesPerSecond ?? Number.POSITIVE_INFINITY;
    // A limited link passes a little at a time, not much and then nothing for long.
    const size = Math.min(this.#faults.writeChunkBytes ?? chunk.length, Math.max(1, Math.ceil(rate / 100)));
    const step = (from: number): void => {
      if (from >= chunk.length || this.#swallows) return done();
      if (this.#state === "over" || this.destroyed) return done(streamError("ECONNRESET", "injected fault"));
      this.#whenOpen(() => {
        const whole = chunk.subarray(from, from + size);
        const piece = this.#allowed(whole, "write");
        const next = (error?: Error | null): void => {
          if (error) return done(error);
          if (piece.length < whole.length) this.#spend();
          this.#freeAt = Math.max(this.#freeAt, performance.now()) + (piece.length / rate) * 1000;
          const waitMs = this.#freeAt - performance.now();
          // A timer is not finer than that; small pieces save their waits up.
          if (waitMs < 2) setImmediate(step, from + piece.length);
          else this.#pacing = setTimeout(step, waitMs, from + piece.length);
        };
        if (piece.length === 0) next();
        else this.#inner.write(piece, next);
      });
    };
    step(0);
  }

  override _final(done: Callback): void {
    if (this.#swallows) done();
    else this.#whenOpen(() => this.#inner.end(done));
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#waiting = [];
    clearTimeout(this.#pacing);
    if (this.#state !== "half-open") this.#inner.destroy(error ?? undefined);
    done(error);
  }

  #arrive(chunk: Buffer): void {
    const size = this.#faults.readChunkBytes ?? chunk.length;
    let room = true;
    for (let from = 0; from < chunk.length && this.#state !== "half-open" && !this.destroyed; from += size) {
      const whole = chunk.subarray(from, from + size);
      const piece = this.#allowed(whole, "read");
      if (piece.length > 0) room = this.push(piece);
      if (piece.length < whole.length) this.#spend();
      if (piece.length < whole.length && this.#state === "stall") {
        const rest = Buffer.from(chunk.subarray(from + piece.length));
        this.#waiting.unshift(() => this.#arrive(rest));
        return;
      }
    }
    if (!room) this.#inner.pause();
  }

  /** The part of `piece` that may still pass. */
  #allowed(piece: Buffer, direction: "read" | "write"): Buffer {
    if (direction !== (this.#faults.direction ?? "write")) return piece;
    const passes = piece.subarray(0, this.#left);
    this.#left -= passes.length;
    return passes;
  }

  /** Sets the announced fault in, once: the bytes that may pass before it have passed. */
  #spend(): void {
    this.#left = Number.POSITIVE_INFINITY;
    if (this.#fault !== undefined) this.trip(this.#fault);
  }

  #whenOpen(action: () => void): void {
    if (this.#state === "stall") this.#waiting.push(action);
    else if (this.#state === "open") action();
  }
}

/**
 * Wraps a byte stream so that it misbehaves as networks and peers do.
 * Read and write through `stream` of the result only; destroying it destroys the wrapped stream,
 * except after "half-open", which leaves the wrapped stream to its owner.
 */
export function injectFaults(inner: Duplex, faults: Faults = {}): FaultyStream {
  const stream = new FaultyDuplex(inner, faults);
  return { stream, trip: (kind, afterBytes) => stream.trip(kind, afterBytes), release: () => stream.release() };
}
