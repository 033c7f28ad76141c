import { Duplex } from "node:stream";

/** Settings of {@link createDuplexPair}. */
export interface DuplexPairOptions {
  /** Bytes that each direction buffers on either side before a write has to wait. Default 65536. */
  readonly highWaterMarkBytes?: number;
  /** Whether an end may go on writing after its peer has ended, as with `net.Socket`'s option of this name. Default true. */
  readonly allowHalfOpen?: boolean;
}

type Callback = (error?: Error | null) => void;

/** The error a socket would show whose peer has gone. */
export function streamError(code: "ECONNRESET" | "EPIPE", message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

class MemoryEnd extends Duplex {
  #peer: MemoryEnd | undefined;
  /** The acknowledgement owed to the peer's writer, held until this side has room again. */
  #owed: Callback | undefined;
  #ended = false;

  static pair(highWaterMark: number, allowHalfOpen: boolean): [MemoryEnd, MemoryEnd] {
    const [a, b] = [new MemoryEnd(highWaterMark, allowHalfOpen), new MemoryEnd(highWaterMark, allowHalfOpen)];
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  constructor(highWaterMark: number, allowHalfOpen: boolean) {
    super({ highWaterMark, allowHalfOpen });
  }

  override _read(): void {
    const owed = this.#owed;
    this.#owed = undefined;
    if (owed !== undefined) setImmediate(owed);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    const peer = this.#peer!;
    if (peer.destroyed) return done(streamError("EPIPE", "the other end is closed"));
    // A copy, as a kernel would make: the writer may reuse its buffer once the write is acknowledged.
    if (peer.push(Buffer.from(chunk))) setImmediate(done);
    else peer.#owed = done;
  }

  override _final(done: Callback): void {
    this.#peer!.#end();
    done();
  }

  override _destroy(error: Error | null, done: Callback): void {
    const owed = this.#owed;
    this.#owed = undefined;
    owed?.(streamError("EPIPE", "the other end is closed"));
    const peer = this.#peer!;
    setImmediate(() => {
      if (peer.destroyed) return;
      if (error === null) peer.#end();
      else peer.destroy(streamError("ECONNRESET", "the other end was destroyed"));
    });
    done(error);
  }

  #end(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }
}

/**
 * Two connected byte streams in memory that behave like the two ends of a socket:
 * a write is acknowledged only when the reader has room (true back-pressure), each direction ends by itself (half-close),
 * `destroy()` ends the reading side of the peer, and `destroy(error)` resets the peer with `ECONNRESET`.
 * Writing to an end that is gone fails with `EPIPE`.
 */
export function createDuplexPair(options: DuplexPairOptions = {}): [Duplex, Duplex] {
  return MemoryEnd.pair(options.highWaterMarkBytes ?? 65_536, options.allowHalfOpen ?? true);
}
