import { Duplex } from "node:stream";
import { readWith } from "../http2/direct-reading.js";
import { type ByteWriter, writeWith } from "../http2/direct-writing.js";
import { Flag, FrameType, initialWindowBytes, maxUint32 } from "./constants.js";
import { type DirectHome, DirectWriter } from "./direct-writer.js";
import { ViolationFault, YamuxError } from "./error.js";
import { maxPayloadBytes, Outgoing } from "./outgoing.js";
import type { Output } from "./output.js";
import { ReceiveBuffer } from "./receive-buffer.js";
import { isOver, nextState, type StreamEvent, type StreamState } from "./stream-state.js";

/** What a stream needs of its session. */
export interface StreamHome {
  readonly output: Output;
  readonly windowBytes: number;
  /** The memory of what comes may be overwritten with what comes next. */
  readonly overwrites: boolean;
  /** The stream has payload and must wait until the byte stream has room. */
  waitForRoom(stream: SessionStream): void;
  /** Calls `settle` of the stream before the next bytes come. */
  settleLater(stream: SessionStream): void;
  /** Nothing of the stream travels any more. */
  forget(stream: SessionStream): void;
}

/**
 * One stream of a session: a Node Duplex with half close. `end()` sends FIN; `destroy()` before both sides have ended
 * sends RST, and whatever was not sent yet is lost. Its `error` is a {@link YamuxError}: `reset`, `session-closed`,
 * `open-timeout`.
 */
export interface YamuxStream extends Duplex {
  /** Number of the stream on the wire: odd when the client opened it. */
  readonly id: number;
}

/** A stream as its session sees it. */
export class SessionStream extends Duplex implements YamuxStream, DirectHome {
  readonly id: number;
  readonly output: Output;
  readonly outgoing: Outgoing;
  readonly #home: StreamHome;
  #state: StreamState = "open";
  /** Flag that the next frame has to carry: SYN or ACK, or none. */
  #greeting: number;
  /** What the peer may still send, as far as it knows. */
  #receiveWindow = initialWindowBytes;
  /** What the reader has taken and the peer was not given back. */
  #takenBytes: number;
  readonly #received: ReceiveBuffer;
  /** True while the reading side has asked and got nothing. */
  #wanted = false;
  /** Gets what comes while nothing waits before it. */
  #reader: { readonly read: (chunk: Buffer) => void; readonly settle: () => void } | undefined;
  #settles = false;
  #onDrain: (() => void) | undefined;
  #sent: ((error?: Error | null) => void) | undefined;
  /** Sends FIN, once nothing waits. */
  #finish: (() => void) | undefined;
  /** Why the session ended under a stream that is still read. */
  #lost: YamuxError | undefined;

  constructor(home: StreamHome, id: number, greeting: number) {
    // One chunk at a time waits in the Readable: what else waits is counted against the window.
    super({ allowHalfOpen: true, readableHighWaterMark: 0, writableHighWaterMark: maxPayloadBytes });
    this.#home = home;
    this.id = id;
    this.output = home.output;
    this.outgoing = new Outgoing(home.output, id);
    this.#received = new ReceiveBuffer(home.overwrites);
    this.#takenBytes = home.windowBytes - initialWindowBytes;
    this.#greeting = greeting;
  }

  /** Sends SYN or ACK, once; with it a larger window. */
  greet(): void {
    if (this.#greeting !== 0 && !isOver(this.#state)) this.#sendUpdate();
  }

  /** A window update came. */
  onUpdate(bytes: number): void {
    if (bytes === 0) return;
    this.outgoing.window += bytes;
    if (this.outgoing.window > maxUint32) {
      throw new ViolationFault("window-overflow", `the window of stream ${this.id} was raised over ${maxUint32}`);
    }
    this.pump();
  }

  /** The header of a data frame came. */
  onAnnounced(bytes: number): void {
    if (bytes > this.#receiveWindow) {
      const window = this.#receiveWindow;
      throw new ViolationFault("window-exceeded", `${bytes} bytes for stream ${this.id}, whose window has ${window}`);
    }
    this.#receiveWindow -= bytes;
  }

  /** A piece of payload came. */
  onPayload(bytes: Buffer): void {
    // Behind a FIN it is nobody's: in Go, writing and closing may race.
    if (this.#state !== "open" && this.#state !== "localEnded") return;
    if (this.#received.length > 0) {
      this.#received.push(bytes);
    } else if (this.#reader !== undefined && this.readableFlowing === true && this.readableLength === 0) {
      if (!this.#settles) this.#home.settleLater(this);
      this.#settles = true;
      this.#reader.read(bytes);
      this.#took(bytes.length);
    } else if (this.#wanted) {
      this.#hand(this.#received.own(bytes));
    } else {
      this.#received.push(bytes);
    }
  }

  /** What the reader got may be overwritten. */
  settle(): void {
    this.#settles = false;
    this.#reader?.settle();
  }

  /** FIN came. */
  onFin(): void {
    if (isOver(this.#state)) return;
    if (this.#state === "remoteEnded") {
      throw new ViolationFault("unexpected-flag", `a second FIN for stream ${this.id}`);
    }
    this.#change("remoteFin");
    this.#deliver();
  }

  /** RST came, or the peer never took the stream. */
  onReset(error: YamuxError): void {
    this.#change("rst");
    this.destroy(error);
  }

  /** The session has ended. Without an error for a stream that nobody has taken. */
  onSessionEnd(error: YamuxError | undefined): void {
    const isReadable = this.#state === "remoteEnded" && !this.readableEnded;
    const isSending = this.#sent !== undefined || this.outgoing.bytes > 0;
    this.#change("rst");
    if (!isReadable || isSending || error === undefined) {
      this.destroy(error);
      return;
    }
    this.#lost = error;
  }

  /** Sends what waits, as far as window and byte stream allow; then tells a direct writer that it may go on. */
  pump(): void {
    if (!this.#sendAll() || this.#onDrain === undefined) return;
    if (this.output.hasRoom) this.#onDrain();
    else this.#home.waitForRoom(this);
  }

  sendNow(): boolean {
    if (this.#lost !== undefined) this.destroy(this.#lost);
    this.output.cork();
    const done = this.#sendAll();
    this.output.uncork();
    if (done && this.output.hasRoom) return true;
    if (done) this.#home.waitForRoom(this);
    return false;
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    if (this.#lost !== undefined) {
      done(this.#lost);
      return;
    }
    const pieces = chunks.filter(({ chunk }) => chunk.length > 0);
    const last = pieces.pop();
    if (last === undefined) {
      done();
      return;
    }
    this.#sent = done;
    for (const { chunk } of pieces) this.outgoing.add(chunk, undefined);
    this.outgoing.add(last.chunk, (error) => {
      if (this.#sent !== done || error != null) return;
      this.#sent = undefined;
      done();
    });
    this.pump();
  }

  override _final(done: () => void): void {
    this.#finish = () => {
      this.#finish = undefined;
      if (!isOver(this.#state)) {
        this.output.frame(FrameType.windowUpdate, this.#takeGreeting() | Flag.fin, this.id, 0);
        this.#change("localFin");
      }
      done();
    };
    if (this.outgoing.bytes === 0) this.#finish();
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!isOver(this.#state)) {
      this.output.frame(FrameType.windowUpdate, Flag.rst, this.id, 0);
      this.#change("rst");
    }
    this.#received.clear();
    this.outgoing.clear();
    const sent = this.#sent;
    this.#sent = undefined;
    sent?.(error ?? new YamuxError("reset", `stream ${this.id} was destroyed before everything was sent`));
    done(error);
  }

  /** Hands what comes to `read` as it is, while nobody has paused the stream. */
  [readWith](read: (chunk: Buffer) => void, settle: () => void): boolean {
    this.#reader = { read, settle };
    return this.#home.overwrites;
  }

  [writeWith](onDrain: () => void): ByteWriter {
    this.#onDrain = onDrain;
    return new DirectWriter(this, onDrain);
  }

  /** The only writer of the state. */
  #change(event: StreamEvent): void {
    const next = nextState(this.#state, event);
    if (next === undefined) return;
    this.#state = next;
    if (isOver(next)) this.#home.forget(this);
  }

  /** Hands pieces to the reader while it wants more, then what is behind them. */
  #deliver(): void {
    while (this.#wanted && this.#received.length > 0) {
      this.#hand(this.#received.shift()!);
      if (this.destroyed) return;
    }
    const remoteEnded = this.#state !== "open" && this.#state !== "localEnded";
    if (remoteEnded && this.#received.length === 0 && !this.readableEnded) this.push(null);
  }

  #hand(piece: Buffer): void {
    this.#wanted = false;
    // The reader may also ask for more from inside.
    if (this.push(piece)) this.#wanted = true;
    this.#took(piece.length);
  }

  /** The reader has so much more: half of the window is given back at once. */
  #took(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes < this.#home.windowBytes / 2) return;
    if (this.#state === "open" || this.#state === "localEnded") this.#sendUpdate();
  }

  #sendUpdate(): void {
    const bytes = this.#takenBytes;
    this.#takenBytes = 0;
    this.#receiveWindow += bytes;
    this.output.frame(FrameType.windowUpdate, this.#takeGreeting(), this.id, bytes);
  }

  #takeGreeting(): number {
    const greeting = this.#greeting;
    this.#greeting = 0;
    return greeting;
  }

  /** False when something is left: it waits for the window, or for room. */
  #sendAll(): boolean {
    const { outgoing } = this;
    while (outgoing.bytes > 0 && outgoing.window > 0 && !isOver(this.#state)) {
      if (!this.output.hasRoom) {
        this.#home.waitForRoom(this);
        return false;
      }
      outgoing.sendFrame(this.#takeGreeting());
    }
    if (outgoing.bytes > 0) return false;
    this.#finish?.();
    return true;
  }
}
