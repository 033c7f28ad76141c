import { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { checkNumbers } from "../options/check.js";

/** Options of a byte stream made of messages. */
export interface MessageStreamOptions {
  /** Largest message that is made of what was written, in bytes; more is split. Default 65536. */
  readonly maxMessageBytes?: number;
  /** Destroys the byte stream with its reason when it aborts: for a handler, its context's signal. */
  readonly signal?: AbortSignal;
}

/** A byte stream and the messages that carry it. */
export interface MessageStream {
  /** Reads what comes, and writes what goes out. */
  readonly duplex: Duplex;
  /** What was written to `duplex`, message by message. To be iterated over once. */
  readonly outgoing: AsyncIterable<Uint8Array>;
}

/** The messages that come, or how to ask for them with those that go out. */
export type IncomingMessages =
  | AsyncIterable<Uint8Array>
  | ((outgoing: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>);

type Done = (error?: Error | null) => void;

const defaultMaxMessageBytes = 64 * 1024;

/**
 * A byte stream whose bytes travel as messages, such as those of a bidirectional call: everything that speaks on a Duplex,
 * another gRPC connection too, then speaks inside that call. Where a message begins means nothing.
 *
 * The side that calls gives a function, which gets the messages to send and a signal that aborts when the byte stream is
 * destroyed before both its sides have ended: `streamFromMessages((outgoing, signal) => call(outgoing, { signal }))`.
 * The side that answers gives the requests and answers with `outgoing`.
 *
 * Both directions are slowed by whoever reads slowly: the next message is asked for when the reader of `duplex` wants
 * more, and a write is done when its bytes were asked for. `duplex.end()` ends `outgoing`, and the end of the incoming
 * messages is the end of what `duplex` reads. When they fail, `duplex` fails with their error, and so does `outgoing`;
 * when `duplex` is destroyed early, `outgoing` throws its error, or a ConnectError with Code.Canceled where there is none,
 * and the iteration over the incoming messages is ended.
 *
 * @throws {@link TenonError} `option-invalid` for a `maxMessageBytes` that is no whole number from 1 to 2^31-1
 */
export function streamFromMessages(incoming: IncomingMessages, options: MessageStreamOptions = {}): MessageStream {
  checkNumbers(options, { maxMessageBytes: [1, 0x7fffffff] });
  const { signal } = options;
  const duplex = new MessageDuplex(incoming, options.maxMessageBytes ?? defaultMaxMessageBytes);
  if (signal !== undefined) {
    const abort = () => duplex.destroy(ConnectError.from(signal.reason, Code.Canceled));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    duplex.once("close", () => signal.removeEventListener("abort", abort));
  }
  return { duplex, outgoing: duplex.outgoing };
}

class MessageDuplex extends Duplex {
  readonly outgoing: AsyncIterable<Uint8Array>;
  readonly #incoming: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  readonly #controller = new AbortController();
  /** Written and not asked for. */
  #queue: Buffer[] = [];
  #written: Done | undefined;
  /** Whoever iterates over `outgoing` and waits. */
  #asked: { resolve: (result: IteratorResult<Uint8Array>) => void; reject: (error: unknown) => void } | undefined;
  /** How `outgoing` ends. */
  #end: { readonly error: Error | undefined } | undefined;
  #incomingEnded = false;

  constructor(incoming: IncomingMessages, maxBytes: number) {
    super({ allowHalfOpen: true, readableHighWaterMark: 0, writableHighWaterMark: maxBytes });
    this.#maxBytes = maxBytes;
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => this.#next(),
      // Nobody wants the rest: as when a peer is gone.
      return: () => {
        if (this.#end === undefined) this.destroy();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    this.outgoing = { [Symbol.asyncIterator]: () => iterator };
    const messages = typeof incoming === "function" ? incoming(this.outgoing, this.#controller.signal) : incoming;
    this.#incoming = messages[Symbol.asyncIterator]();
  }

  override _read(): void {
    this.#incoming.next().then(
      ({ done, value }) => {
        if (this.destroyed) return;
        if (done === true) {
          this.#incomingEnded = true;
          this.push(null);
        } else if (value.length === 0) {
          this._read();
        } else {
          this.push(Buffer.from(value.buffer, value.byteOffset, value.length));
        }
      },
      (error: unknown) => {
        this.#incomingEnded = true;
        this.destroy(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#queue = chunks.map(({ chunk }) => chunk).filter(({ length }) => length > 0);
    if (this.#queue.length === 0) {
      done();
      return;
    }
    this.#written = done;
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.resolve({ done: false, value: this.#takeMessage() });
  }

  override _final(done: Done): void {
    this.#endOutgoing(undefined);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const isEarly = this.#end === undefined;
    if (isEarly) this.#endOutgoing(error ?? new ConnectError("the byte stream was destroyed", Code.Canceled));
    this.#queue = [];
    const written = this.#written;
    this.#written = undefined;
    written?.(error ?? new ConnectError("the byte stream was destroyed before everything was sent", Code.Canceled));
    if (isEarly || !this.#incomingEnded) this.#controller.abort(error ?? undefined);
    if (!this.#incomingEnded) this.#leaveIncoming();
    done(error);
  }

  #leaveIncoming(): void {
    this.#incomingEnded = true;
    // What it fails with is the end of a call that nobody waits for.
    this.#incoming.return?.().catch(() => {});
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#queue.length > 0) return Promise.resolve({ done: false, value: this.#takeMessage() });
    if (this.#end !== undefined) {
      const { error } = this.#end;
      this.#end = { error: undefined };
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => (this.#asked = { resolve, reject }));
  }

  /** One message of what was written: small pieces together, a large one in parts. */
  #takeMessage(): Buffer {
    const pieces: Buffer[] = [];
    let room = this.#maxBytes;
    while (room > 0 && this.#queue.length > 0) {
      const first = this.#queue[0]!;
      const piece = first.length <= room ? first : first.subarray(0, room);
      if (piece === first) this.#queue.shift();
      else this.#queue[0] = first.subarray(room);
      pieces.push(piece);
      room -= piece.length;
    }
    if (this.#queue.length === 0) {
      const written = this.#written!;
      this.#written = undefined;
      // Later: whoever asked has not got the message yet.
      queueMicrotask(written);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  #endOutgoing(error: Error | undefined): void {
    this.#end = { error };
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return;
    this.#end = { error: undefined };
    if (error === undefined) asked.resolve({ done: true, value: undefined });
    else asked.reject(error);
  }
}
