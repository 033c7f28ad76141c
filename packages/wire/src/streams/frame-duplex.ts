import { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { type MessageSource, takeWith } from "../grpc/direct-messages.js";

type Done = (error?: Error | null) => void;

/** What `createFrameLink` takes where an option is not given. */
export const frameDefaults = {
  maxFrameBytes: 64 * 1024,
  maxReadBytes: 256 * 1024,
  maxUrgentFrames: 1024,
  outlivesDuplex: false,
};

type Settings<Out> = typeof frameDefaults & {
  /** As in `FrameLinkOptions`. */
  readonly farewell?: (error: Error | undefined) => Out | undefined;
};

/** The byte stream and the queues of a link of frames. */
export class FrameDuplex<Out> extends Duplex {
  readonly outgoing: AsyncIterable<Out>;
  readonly #wrapBytes: (bytes: Uint8Array) => Out;
  readonly #settings: Settings<Out>;
  #urgent: Out[] = [];
  /** Written and not asked for. */
  #bytes: Buffer[] = [];
  #written: Done | undefined;
  #idle: (() => Out | undefined) | undefined;
  /** What ends `outgoing` once nothing waits any more. */
  #last: { readonly frame: Out | undefined } | undefined;
  /** How `outgoing` has ended. */
  #end: { readonly error: Error | undefined } | undefined;
  /** Whoever iterates over `outgoing` and waits. */
  #asked: { resolve: (result: IteratorResult<Out>) => void; reject: (error: unknown) => void } | undefined;
  /** Whoever holds bytes back until they are wanted. */
  #wanted: (() => void) | undefined;
  /** Whoever takes frames without waiting for promises. */
  #onWake: (() => void) | undefined;
  #hasAllBytes = false;

  constructor(wrapBytes: (bytes: Uint8Array) => Out, settings: Settings<Out>) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: settings.maxReadBytes,
      writableHighWaterMark: settings.maxFrameBytes,
    });
    this.#wrapBytes = wrapBytes;
    this.#settings = settings;
    const iterator: MessageSource<Out> = {
      [takeWith]: (wake) => {
        this.#onWake = wake;
        return () => this.#takeOrThrow();
      },
      next: () => this.#next(),
      return: () => {
        if (this.#end === undefined) this.cutOff(new ConnectError("nobody sends the frames any more", Code.Canceled));
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    this.outgoing = { [Symbol.asyncIterator]: () => iterator };
  }

  urgent(frame: Out): void {
    if (this.#end !== undefined || this.#last !== undefined) return;
    if (this.#urgent.length >= this.#settings.maxUrgentFrames) {
      const limit = this.#settings.maxUrgentFrames;
      this.cutOff(new ConnectError(`${limit} urgent frames wait and nobody takes them`, Code.ResourceExhausted));
      return;
    }
    this.#urgent.push(frame);
    this.#wake();
  }

  offerIdle(next: () => Out | undefined): void {
    if (this.#end !== undefined) return;
    this.#idle = next;
    this.#wake();
  }

  receiveBytes(bytes: Uint8Array): true | Promise<void> {
    if (bytes.length === 0) this.endBytes();
    if (this.destroyed || this.#hasAllBytes) return true;
    if (this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) return true;
    return new Promise((resolve) => (this.#wanted = resolve));
  }

  endBytes(): void {
    if (this.#hasAllBytes || this.destroyed) return;
    this.#hasAllBytes = true;
    this.push(null);
  }

  close(last: Out | undefined): void {
    if (this.#end !== undefined) return;
    this.#last ??= { frame: last };
    this.#wake();
  }

  cut(last: Out | undefined, error: Error | undefined): void {
    this.#drop();
    this.close(last);
    this.destroy(error);
  }

  cutOff(error: Error | undefined): void {
    this.#drop();
    this.#endOutgoing(error ?? new ConnectError("the link was destroyed", Code.Canceled));
    this.destroy(error);
  }

  override _read(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    if (this.#end !== undefined) {
      done(new ConnectError("the link has ended", Code.Canceled));
      return;
    }
    this.#bytes = chunks.map(({ chunk }) => chunk).filter(({ length }) => length > 0);
    if (this.#bytes.length === 0) {
      done();
      return;
    }
    this.#written = done;
    this.#wake();
  }

  /** Behind all that was written, which has been asked for by now. */
  override _final(done: Done): void {
    if (this.#end !== undefined) {
      done();
      return;
    }
    this.#bytes = [Buffer.alloc(0)];
    this.#written = done;
    this.#wake();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#drop();
    if (this.#end === undefined && this.#last === undefined && !this.#settings.outlivesDuplex) {
      const frame = this.#settings.farewell?.(error ?? undefined);
      const isInOrder = frame !== undefined || (error === null && this.#hasAllBytes && this.writableFinished);
      if (!isInOrder) {
        this.#endOutgoing(error ?? new ConnectError("the byte stream was destroyed", Code.Canceled));
      } else {
        this.close(frame);
      }
    }
    this._read();
    done(error);
  }

  /** Bytes and idle frames that nobody gets any more. */
  #drop(): void {
    this.#bytes = [];
    this.#idle = undefined;
    const written = this.#written;
    this.#written = undefined;
    if (written !== undefined) {
      const error = new ConnectError("the byte stream was destroyed before everything was sent", Code.Canceled);
      queueMicrotask(() => written(error));
    }
  }

  #wake(): void {
    this.#onWake?.();
    const asked = this.#asked;
    if (asked === undefined) return;
    const result = this.#take();
    if (result === undefined) return;
    this.#asked = undefined;
    asked.resolve(result);
  }

  #next(): Promise<IteratorResult<Out>> {
    try {
      const result = this.#takeOrThrow();
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => (this.#asked = { resolve, reject }));
  }

  #takeOrThrow(): IteratorResult<Out, undefined> | undefined {
    if (this.#end?.error === undefined) return this.#take();
    const { error } = this.#end;
    this.#end = { error: undefined };
    throw error;
  }

  #take(): IteratorResult<Out, undefined> | undefined {
    if (this.#end !== undefined) return { done: true, value: undefined };
    const frame = this.#urgent.shift() ?? this.#takeBytes() ?? this.#takeIdle();
    if (frame !== undefined) return { done: false, value: frame };
    if (this.#last === undefined) return undefined;
    const last = this.#last.frame;
    this.#last = { frame: undefined };
    if (last !== undefined) return { done: false, value: last };
    this.#end = { error: undefined };
    return { done: true, value: undefined };
  }

  /** One frame of what was written: small pieces together, a large one in parts. */
  #takeBytes(): Out | undefined {
    if (this.#bytes.length === 0) return undefined;
    const pieces: Buffer[] = [];
    let room = this.#settings.maxFrameBytes;
    while (room > 0 && this.#bytes.length > 0) {
      const first = this.#bytes[0]!;
      const piece = first.length <= room ? first : first.subarray(0, room);
      if (piece === first) this.#bytes.shift();
      else this.#bytes[0] = first.subarray(room);
      pieces.push(piece);
      room -= piece.length;
    }
    if (this.#bytes.length === 0) {
      const written = this.#written!;
      this.#written = undefined;
      // Later: whoever asked has not got the frame yet.
      queueMicrotask(written);
    }
    return this.#wrapBytes(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }

  #takeIdle(): Out | undefined {
    const frame = this.#idle?.();
    if (frame === undefined) this.#idle = undefined;
    return frame;
  }

  #endOutgoing(error: Error): void {
    if (this.#end !== undefined) return;
    this.#urgent = [];
    this.#end = { error };
    this.#onWake?.();
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return;
    this.#end = { error: undefined };
    asked.reject(error);
  }
}
