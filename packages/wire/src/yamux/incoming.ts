import { Flag, FrameType } from "./constants.js";
import { ViolationFault, YamuxError } from "./error.js";
import type { FrameSink } from "./frame-reader.js";
import type { Output } from "./output.js";
import type { SessionStream } from "./stream.js";

/** What the frames of the peer act on. */
export interface IncomingHome {
  readonly output: Output;
  readonly windowBytes: number;
  find(id: number): SessionStream | undefined;
  /** Whether a stream of this number is or was ours to open. */
  isOurs(id: number): boolean;
  wasOpened(id: number): boolean;
  /** The peer opened a stream; undefined when it was refused. */
  accept(id: number): SessionStream | undefined;
  /** A frame of the peer came for a stream of ours: it has been taken. */
  taken(id: number): void;
  pingAnswered(id: number): void;
  wentAway(code: number): void;
}

/** What each frame of the peer does. Throws ViolationFault where it must not be. */
export class Incoming implements FrameSink {
  readonly #home: IncomingHome;
  /** The stream that the present payload is for; undefined when it is dropped. */
  #stream: SessionStream | undefined;
  /** The present payload is the last of its stream. */
  #isLast = false;

  constructor(home: IncomingHome) {
    this.#home = home;
  }

  onFrame(type: number, flags: number, id: number, length: number): void {
    const isForSession = type === FrameType.ping || type === FrameType.goAway;
    if (isForSession !== (id === 0)) {
      throw new ViolationFault("stream-id", `a frame of type ${type} for stream ${id}`);
    }
    if (type === FrameType.ping) this.#onPing(flags, length);
    else if (type === FrameType.goAway) this.#home.wentAway(length);
    else this.#onStreamFrame(type, flags, id, length);
  }

  onPayload(bytes: Buffer, left: number): void {
    const stream = this.#stream;
    stream?.onPayload(bytes);
    if (left === 0 && this.#isLast) stream?.onFin();
  }

  #onPing(flags: number, id: number): void {
    if ((flags & Flag.syn) !== 0) this.#home.output.answer(FrameType.ping, Flag.ack, 0, id);
    else if ((flags & Flag.ack) !== 0) this.#home.pingAnswered(id);
    else throw new ViolationFault("unexpected-flag", "a ping that neither asks nor answers");
  }

  #onStreamFrame(type: number, flags: number, id: number, length: number): void {
    this.#stream = undefined;
    this.#isLast = false;
    const stream = this.#streamOf(flags, id);
    if (stream === undefined) {
      if (type === FrameType.data && length > this.#home.windowBytes) {
        throw new ViolationFault("window-exceeded", `${length} bytes for stream ${id}, which is gone`);
      }
      return;
    }
    if (type === FrameType.data) stream.onAnnounced(length);
    else stream.onUpdate(length);
    if ((flags & Flag.rst) !== 0) {
      stream.onReset(new YamuxError("reset", `the peer reset stream ${id}`));
      return;
    }
    const isFin = (flags & Flag.fin) !== 0;
    if (type === FrameType.data && length > 0) {
      this.#stream = stream;
      this.#isLast = isFin;
    } else if (isFin) {
      stream.onFin();
    }
  }

  #streamOf(flags: number, id: number): SessionStream | undefined {
    const home = this.#home;
    const stream = home.find(id);
    if ((flags & Flag.syn) !== 0) {
      if (home.isOurs(id)) throw new ViolationFault("stream-id", `the peer opened stream ${id}, a number of ours`);
      if (stream !== undefined) throw new ViolationFault("duplicate-stream", `stream ${id} was opened twice`);
      return home.accept(id);
    }
    if (home.isOurs(id)) {
      if (!home.wasOpened(id))
        throw new ViolationFault("stream-id", `a frame for stream ${id}, which was never opened`);
      home.taken(id);
    }
    return stream;
  }
}
