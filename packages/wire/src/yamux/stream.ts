import { Duplex } from "node:stream";
import { Flag, FrameType, initialWindowBytes, maxUint32 } from "./constants.js";
import { ViolationFault, YamuxError } from "./error.js";
import { maxCopiedBytes, type Output } from "./output.js";
import { ReceiveBuffer } from "./receive-buffer.js";
import { isOver, nextState, type StreamEvent, type StreamState } from "./stream-state.js";

/** Payload of one frame at most, so that streams take turns. */
const maxPayloadBytes = 64 * 1024;

/** What a stream needs of its session. */
export interface StreamHome {
  readonly output: Output;
  readonly windowBytes: number;
  /** The stream has payload and must wait until the byte stream has room. */
  waitForRoom(stream: SessionStream): void;
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
export class SessionStream extends Duplex implements YamuxStream {
  readonly id: number;
  readonly #home: StreamHome;
  #state: StreamState = "open";
  /** Flag that the next frame has to carry: SYN or ACK, or none. */
  #greeting: number;
  #sendWindow = initialWindowBytes;
  /** What the peer may still send, as far as it knows. */
  #receiveWindow = initialWindowBytes;
  readonly #received = new ReceiveBuffer();
  /** True while the reading side has asked and got nothing. */
  #wanted = false;
  #sending: Buffer[] = [];
  /** What is sent now may be copied as a whole, and so be acknowledged before the byte stream has it. */
  #mayCopy = false;
  #sent: ((error?: Error | null) => void) | undefined;
  /** Why the session ended under a stream that is still read. */
  #lost: YamuxError | undefined;

  constructor(home: StreamHome, id: number, greeting: number) {
    // One chunk at a time waits in the Readable: what else waits is counted against the window.
    super({ allowHalfOpen: true, readableHighWaterMark: 0, writableHighWaterMark: maxPayloadBytes });
    this.#home = home;
    this.id = id;
    this.#greeting = greeting;
  }

  /** Sends SYN or ACK, once; with it a larger window. */
  greet(): void {
    if (this.#greeting !== 0 && !isOver(this.#state)) this.#sendUpdate();
  }

  /** A window update came. */
  onUpdate(bytes: number): void {
    if (bytes === 0) return;
    this.#sendWindow += bytes;
    if (this.#sendWindow > maxUint32) {
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
    this.#received.push(bytes);
    if (this.#wanted) this.#deliver();
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
    this.#change("rst");
    if (!isReadable || this.#sent !== undefined || error === undefined) {
      this.destroy(error);
      return;
    }
    this.#lost = error;
  }

  /** Sends what waits, as far as window and byte stream allow. */
  pump(): void {
    while (this.#sending.length > 0 && this.#sendWindow > 0 && !isOver(this.#state)) {
      if (!this.#home.output.hasRoom) {
        this.#home.waitForRoom(this);
        return;
      }
      this.#sendSome();
    }
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    if (this.#lost !== undefined) {
      done(this.#lost);
      return;
    }
    this.#sending = chunks.map(({ chunk }) => chunk).filter(({ length }) => length > 0);
    if (this.#sending.length === 0) {
      done();
      return;
    }
    this.#mayCopy = this.#sending.every(({ length }) => length <= maxCopiedBytes);
    this.#sent = done;
    this.pump();
  }

  override _final(done: () => void): void {
    if (!isOver(this.#state)) {
      this.#home.output.frame(FrameType.windowUpdate, this.#takeGreeting() | Flag.fin, this.id, 0);
      this.#change("localFin");
    }
    done();
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!isOver(this.#state)) {
      this.#home.output.frame(FrameType.windowUpdate, Flag.rst, this.id, 0);
      this.#change("rst");
    }
    this.#received.clear();
    this.#sending = [];
    const sent = this.#sent;
    this.#sent = undefined;
    sent?.(error ?? new YamuxError("reset", `stream ${this.id} was destroyed before everything was sent`));
    done(error);
  }

  /** The only writer of the state. */
  #change(event: StreamEvent): void {
    const next = nextState(this.#state, event);
    if (next === undefined) return;
    this.#state = next;
    if (isOver(next)) this.#home.forget(this);
  }

  /** Hands one piece to the reader if it has asked, then what is behind it, and gives the window back. */
  #deliver(): void {
    while (this.#wanted && this.#received.length > 0) {
      this.#wanted = false;
      // Asks for more from inside when the reader takes it at once.
      this.push(this.#received.shift());
      if (this.destroyed) return;
    }
    const remoteEnded = this.#state !== "open" && this.#state !== "localEnded";
    if (!remoteEnded) this.#giveBack();
    else if (this.#received.length === 0 && !this.readableEnded) this.push(null);
  }

  #giveBack(): void {
    const { windowBytes } = this.#home;
    const delta = windowBytes - this.#received.length - this.#receiveWindow;
    if (delta >= windowBytes / 2) this.#sendUpdate();
  }

  #sendUpdate(): void {
    const delta = Math.max(0, this.#home.windowBytes - this.#received.length - this.#receiveWindow);
    this.#receiveWindow += delta;
    this.#home.output.frame(FrameType.windowUpdate, this.#takeGreeting(), this.id, delta);
  }

  #takeGreeting(): number {
    const greeting = this.#greeting;
    this.#greeting = 0;
    return greeting;
  }

  /** Sends one frame of payload. */
  #sendSome(): void {
    const { output } = this.#home;
    let room = Math.min(this.#sendWindow, maxPayloadBytes);
    const pieces: Buffer[] = [];
    let length = 0;
    while (room > 0 && this.#sending.length > 0) {
      const first = this.#sending[0]!;
      const piece = first.length <= room ? first : first.subarray(0, room);
      if (piece === first) this.#sending.shift();
      else this.#sending[0] = first.subarray(room);
      pieces.push(piece);
      length += piece.length;
      room -= piece.length;
    }
    this.#sendWindow -= length;
    output.frame(FrameType.data, this.#takeGreeting(), this.id, length);
    const last = this.#sending.length === 0 ? pieces.pop() : undefined;
    for (const piece of pieces) output.payload(piece, this.#mayCopy, undefined);
    if (last === undefined) return;
    const sent = this.#sent!;
    output.payload(last, this.#mayCopy, () => {
      if (this.#sent !== sent) return;
      this.#sent = undefined;
      sent();
    });
  }
}
