import { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { type MessageSource, takeWith } from "../grpc/direct-messages.js";
import { checkNumbers, checkTypes } from "../options/check.js";

/** Options of a link of frames. */
export interface FrameLinkOptions<Out> {
  /** Most bytes of the byte stream in one frame; more is split. Default 65536. */
  readonly maxFrameBytes?: number;
  /** Received bytes that wait for the reader of `duplex` before `receiveBytes` says to wait. Default 262144. */
  readonly maxReadBytes?: number;
  /** Urgent frames that wait; one more ends the link with Code.ResourceExhausted. Default 1024. */
  readonly maxUrgentFrames?: number;
  /**
   * The last frame where the user of `duplex` destroys it: the link then ends in order behind that frame, else with the error.
   * Default: none.
   */
  readonly farewell?: (error: Error | undefined) => Out | undefined;
  /** Whether the link goes on without `duplex`, until `close`, `cut` or `destroy`. There is no farewell then. Default false. */
  readonly outlivesDuplex?: boolean;
}

/**
 * A byte stream that shares a stream of messages with other frames. `outgoing` gives frames in this order, each time one is asked
 * for: what is urgent; bytes of `duplex`; what waits until nothing else does.
 */
export interface FrameLink<Out> {
  /** What is to be sent, frame by frame. To be iterated over once. Leaving it early destroys the link. */
  readonly outgoing: AsyncIterable<Out>;
  /**
   * The byte stream. `end()` ends its own writing and nothing else: an empty frame of bytes tells the other side. The link ends by `close`, `cut` and `destroy`; unless it outlives
   * `duplex`, also when that is destroyed, and in order when both its sides have ended.
   */
  readonly duplex: Duplex;
  /** Sends a frame before all that is not urgent. After the end of the link it does nothing. */
  readonly urgent: (frame: Out) => void;
  /**
   * Says that there are frames which can wait: `next` is asked for one whenever nothing else is to be sent, until it gives
   * undefined. A further offer takes the place of the one before.
   */
  readonly offerIdle: (next: () => Out | undefined) => void;
  /**
   * Hands received bytes to the reader of `duplex`; none are the end of them. True: go on; a promise: first wait for it. The bytes must not
   * be changed later.
   */
  readonly receiveBytes: (bytes: Uint8Array) => true | Promise<void>;
  /** Says that no further bytes come: the reader of `duplex` sees its end behind what came. */
  readonly endBytes: () => void;
  /** Ends `outgoing` behind all that waits, idle frames too, and behind `last`. What is written to `duplex` after that fails. */
  readonly close: (last?: Out) => void;
  /** Drops what waits, sends `last`, ends `outgoing`, and destroys `duplex` with `error`. */
  readonly cut: (last?: Out, error?: Error) => void;
  /** Ends everything at once: `outgoing` throws the error, Code.Canceled where there is none. */
  readonly destroy: (error?: Error) => void;
}

type Done = (error?: Error | null) => void;

const defaults = { maxFrameBytes: 64 * 1024, maxReadBytes: 256 * 1024, maxUrgentFrames: 1024, outlivesDuplex: false };

/**
 * Makes the link; `wrapBytes` makes a frame of bytes.
 *
 * Both directions are slowed by whoever reads slowly, as with `streamFromMessages`: a write to `duplex` is done when its bytes
 * were asked for. Only what is urgent has a queue of its own, which is bounded.
 *
 * @throws {@link TenonError} `option-invalid` for a number out of its range
 */
export function createFrameLink<Out>(
  wrapBytes: (bytes: Uint8Array) => Out,
  options: FrameLinkOptions<Out> = {},
): FrameLink<Out> {
  checkNumbers(options, {
    maxFrameBytes: [1, 0x7fffffff],
    maxReadBytes: [0, 0x7fffffff],
    maxUrgentFrames: [1, 0x7fffffff],
  });
  checkTypes(options, "function", ["farewell"]);
  checkTypes(options, "boolean", ["outlivesDuplex"]);
  const duplex = new FrameDuplex(wrapBytes, { ...defaults, ...options });
  return {
    outgoing: duplex.outgoing,
    duplex,
    urgent: (frame) => duplex.urgent(frame),
    offerIdle: (next) => duplex.offerIdle(next),
    receiveBytes: (bytes) => duplex.receiveBytes(bytes),
    endBytes: () => duplex.endBytes(),
    close: (last) => duplex.close(last),
    cut: (last, error) => duplex.cut(last, error),
    destroy: (error) => duplex.cutOff(error),
  };
}

type Settings<Out> = typeof defaults & Pick<FrameLinkOptions<Out>, "farewell">;

class FrameDuplex<Out> extends Duplex {
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
