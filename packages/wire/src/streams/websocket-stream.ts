import { Duplex } from "node:stream";

/** What the stream needs of a WebSocket that is open: the library `ws` has it, and so have browsers. */
export interface WebSocketLike {
  readonly readyState: number;
  /** Bytes that were given to `send` and are not on their way. */
  readonly bufferedAmount: number;
  binaryType: string;
  /** The library calls `done` when it has let go of the bytes; a browser copies them. */
  send(bytes: Uint8Array, done?: (error?: Error) => void): void;
  close(code: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "error", listener: (event: { readonly message?: string }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  /** These three the library has and browsers have not. */
  pause?(): void;
  resume?(): void;
  terminate?(): void;
}

type Done = (error?: Error | null) => void;

/** Largest message that either side of docs/protocol/bind.md may send, in bytes: `maxPayload` of `ws`. */
export const maxWebSocketMessageBytes = 1024 * 1024;
/** What was written is sent in messages of this size at most. */
const sentMessageBytes = 256 * 1024;
/** In a browser a writer waits while more than this is not on its way, */
const maxUnsentBytes = 1024 * 1024;
/** and looks so often, since nothing tells it. */
const lookAgainMs = 5;
/** What may be unread where the sender cannot be paused: more than the windows of HTTP/2 let a peer send. */
const maxUnreadBytes = 32 * 1024 * 1024;

const open = 1;
const normal = 1000;
const unsupportedData = 1003;
/** The close event's words for an end without a code, and for one without a Close frame. */
const noCode = 1005;
const cut = 1006;
/** A browser lets a page send 1000 and what is from 3000 on, and nothing else. */
const reset = 4000;

/**
 * A byte stream whose bytes travel as binary messages of a WebSocket that is open. Where a message begins means nothing.
 *
 * Both directions are slowed by whoever reads slowly; a browser's WebSocket cannot be paused, so there the stream fails when 32 MiB are
 * unread. `end()` closes the WebSocket with 1000, which is the end of both directions, as is that of the other side. Any other
 * end fails the stream, and destroying it cuts the connection. A text message is answered with 1003 and fails it too.
 *
 * The stream owns the WebSocket from now on. Call it before the first message can come: in the `open` event at the latest.
 */
export function streamFromWebSocket(socket: WebSocketLike): Duplex {
  return new WebSocketStream(socket);
}

class WebSocketStream extends Duplex {
  readonly #socket: WebSocketLike;
  /** With all that the library has, and not what browsers have. */
  readonly #isLibrary: boolean;
  #lookAgain: ReturnType<typeof setTimeout> | undefined;
  /** The other side is being told why; the end of the connection follows by itself. */
  #isRefused = false;

  constructor(socket: WebSocketLike) {
    super({ allowHalfOpen: false, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#socket = socket;
    this.#isLibrary = socket.pause !== undefined;
    // A Buffer of the library's is not copied; browsers know no such thing.
    socket.binaryType = this.#isLibrary ? "nodebuffer" : "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => this.#closed(code, reason));
    socket.addEventListener("error", ({ message }) => {
      this.#isRefused = true;
      // A browser does not say what it was; its close event follows.
      if (message !== undefined) this.destroy(new Error(`the WebSocket failed: ${message}`));
    });
  }

  override _read(): void {
    this.#socket.resume?.();
  }

  override _write(chunk: Uint8Array, _encoding: unknown, done: Done): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    for (const { chunk } of chunks.slice(0, -1)) this.#send(chunk, undefined);
    this.#send(chunks.at(-1)!.chunk, done);
  }

  override _final(done: Done): void {
    this.#socket.close(normal);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#lookAgain);
    if (this.#isRefused) return done(error);
    if (this.#isLibrary) this.#socket.terminate?.();
    else if (this.#socket.readyState === open) this.#socket.close(reset);
    done(error);
  }

  #receive(data: unknown): void {
    if (this.destroyed || this.readableEnded) return;
    if (typeof data === "string") {
      this.#isRefused = true;
      this.#socket.close(this.#isLibrary ? unsupportedData : reset, "binary messages only");
      this.destroy(new Error("the other side sent a text message on a WebSocket that carries bytes"));
      return;
    }
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data as ArrayBuffer);
    if (this.push(bytes)) return;
    if (this.#isLibrary) this.#socket.pause?.();
    else if (this.readableLength > maxUnreadBytes) {
      this.destroy(new Error(`${this.readableLength} bytes are unread, and a browser's WebSocket cannot be paused`));
    }
  }

  #send(chunk: Uint8Array, done: Done | undefined): void {
    let rest = chunk;
    for (; rest.length > sentMessageBytes; rest = rest.subarray(sentMessageBytes)) {
      this.#socket.send(rest.subarray(0, sentMessageBytes));
    }
    if (this.#isLibrary) return this.#socket.send(rest, done);
    // A browser copies it.
    this.#socket.send(rest);
    if (done !== undefined) this.#whenSent(done);
  }

  #whenSent(done: Done): void {
    if (this.#socket.bufferedAmount <= maxUnsentBytes) done();
    else this.#lookAgain = setTimeout(() => this.#whenSent(done), lookAgainMs);
  }

  #closed(code: number, reason: string): void {
    if (code === normal || code === noCode) this.push(null);
    else if (code === cut) this.destroy(new Error("the connection of the WebSocket was cut"));
    else this.destroy(new Error(`the other side closed the WebSocket with ${code}${reason && `: ${reason}`}`));
  }
}
