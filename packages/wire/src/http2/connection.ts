import type { Duplex } from "node:stream";
import { Counters } from "../diagnostics/counters.js";
import { connectionClosed, connectionOpened, streamWasReset } from "../diagnostics/events.js";
import type { HeaderField } from "../hpack/field.js";
import { HpackEncoder } from "../hpack/encoder.js";
import { Calm } from "./calm.js";
import type { CloseReason } from "./close-reason.js";
import { defaultWindow, ErrorCode, FrameType } from "./constants.js";
import { readFrom } from "./direct-reading.js";
import { endGently } from "../streams/end-gently.js";
import { ConnectionFault } from "./error.js";
import { FrameReader } from "./frame-reader.js";
import type { HeaderTemplate } from "./header-template.js";
import { Holders } from "./holders.js";
import { Incoming } from "./incoming.js";
import type { IncomingHome } from "./incoming-home.js";
import type { ConnectionLimits } from "./limits.js";
import { Output } from "./output.js";
import { formatGoaway, formatUint32 } from "./payloads.js";
import { isLocal } from "./is-local.js";
import { Pings } from "./pings.js";
import { initialSettings, type Settings } from "./settings.js";
import { Http2Stream, type StreamHandler } from "./stream.js";
import type { Holder } from "./stream-handler.js";
import { StreamTable } from "./stream-table.js";
import { WindowTuning } from "./window-tuning.js";
import { writeHeaders } from "./write-headers.js";

/** What the two roles do differently. No method may throw. */
export interface ConnectionOwner {
  /** Writes the preface, where the role has one, and the SETTINGS frame. */
  open(connection: Connection): void;
  /** The peer opened a stream. Never called for a client. */
  accept(stream: Http2Stream): StreamHandler;
  /** A stream ended, or the peer's limits changed: a new one may be possible. */
  onRoom(): void;
  onClosed(reason: CloseReason): void;
}

/** However large the frames that the peer takes: one frame must not hold up the other streams and the answers to PING. */
const maxDataFrameBytes = 65_536;
/** A server reads nothing more of a peer that leaves so many bytes of answers unread, until it reads. */
const maxUnreadBytes = 1024 * 1024;
const usedUp: CloseReason = { kind: "closed", message: "every stream identifier of the connection has been used" };
const closedByUs: CloseReason = { kind: "closed", message: "closed by this side" };

/** One HTTP/2 connection (RFC 9113) on a byte stream, either role: its streams, what leaves it, and how it ends. */
export class Connection implements IncomingHome {
  readonly role: "client" | "server";
  readonly limits: ConnectionLimits;
  readonly owner: ConnectionOwner;
  readonly counters = new Counters();
  readonly output: Output;
  readonly encoder = new HpackEncoder();
  readonly streams: StreamTable;
  readonly pings: Pings;
  readonly tuning: WindowTuning;
  readonly calm: Calm;
  /** What the peer announced. */
  readonly peer: Settings = initialSettings();
  sendWindow = defaultWindow;
  readonly #stream: Duplex;
  readonly #reader: FrameReader;
  readonly #incoming: Incoming;
  readonly #holders = new Holders();
  /** Called with every chunk. */
  onReceived: (() => void) | undefined;
  #chunksReceived = 0;
  /** What `#chunksReceived` was when it was last looked at. */
  #seenChunks = 0;
  /** Set while we do not read. */
  #paused = false;
  /** Streams that wait for the connection's window or for the peer to read, in the order in which they are served. */
  readonly #waiting = new Set<Http2Stream>();
  /** Set once no stream may begin any more: how the connection ends when those in flight have. */
  #draining: CloseReason | undefined;
  #closed: CloseReason | undefined;

  constructor(role: "client" | "server", stream: Duplex, limits: ConnectionLimits, owner: ConnectionOwner) {
    this.role = role;
    this.limits = limits;
    this.owner = owner;
    this.#stream = stream;
    this.streams = new StreamTable(role, limits.maxCallsPerConnection);
    this.output = new Output(stream, limits.maxBufferedBytes, this.counters, () => this.#onDrain());
    this.calm = new Calm(limits, this.counters);
    this.pings = new Pings((payload) => this.output.frame(FrameType.ping, 0, 0, payload));
    this.tuning = new WindowTuning(limits, this.pings, this.streams, isLocal(stream));
    const incoming = new Incoming(this);
    this.#incoming = incoming;
    this.#reader = new FrameReader(limits.maxFrameBytes, (type, flags, id, bytes, start, end, more) =>
      incoming.onFrame(type, flags, id, bytes, start, end, more),
    );
    stream.on("error", (cause) => this.#lost(`the byte stream failed: ${cause.message}`, cause));
    stream.on("end", () => this.#lost("the peer closed the byte stream"));
    stream.on("close", () => this.#lost("the byte stream was closed"));
    connectionOpened(role, stream);
    owner.open(this);
    if (limits.connectionWindowBytes > defaultWindow) {
      this.writeWindowUpdate(0, limits.connectionWindowBytes - defaultWindow);
    }
    readFrom(stream, (chunk) => this.receive(chunk), this.#holders.settle);
  }

  /** How the connection ended; undefined while it lives. */
  get closed(): CloseReason | undefined {
    return this.#closed;
  }

  /** No stream may begin any more, those in flight go on. */
  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /** Draining because the peer said so. */
  get goneAway(): boolean {
    return this.#draining?.kind === "goaway";
  }

  /** Largest DATA payload that may be written now; 0 while the connection's window or the peer's pace forbids any. */
  get maxDataBytes(): number {
    if (!this.output.hasRoom) return 0;
    return Math.min(this.sendWindow, this.peer.maxFrameSize, maxDataFrameBytes);
  }

  /** True while a new stream of ours would be within the peer's limits. */
  get mayOpen(): boolean {
    return !this.exhausted && this.streams.size < this.peer.maxConcurrentStreams;
  }

  /** True when no stream of ours can ever be opened again. */
  get exhausted(): boolean {
    return this.#closed !== undefined || this.#draining !== undefined || this.streams.exhausted;
  }

  /** Bytes from the peer. Called by the owner for what it read before it knew the protocol, else by the byte stream. */
  receive(chunk: Buffer): void {
    if (this.#closed !== undefined) return;
    this.counters.bytesIn += chunk.length;
    this.#chunksReceived++;
    this.onReceived?.();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#fail(
        error instanceof ConnectionFault ? error : new ConnectionFault(ErrorCode.internalError, String(error)),
      );
    }
    if (this.role === "server" && this.output.unreadBytes > maxUnreadBytes) this.#pause();
  }

  /** Called now and then: ends the connection when a frame or header block that has begun has not moved since the last time. */
  endIfStalled(afterMs: number): void {
    const still = this.#seenChunks === this.#chunksReceived && !this.#paused;
    this.#seenChunks = this.#chunksReceived;
    if (!still || !(this.#reader.withinFrame || this.#incoming.withinHeaders)) return;
    const message = `a frame or header block stood still for ${afterMs} ms before it was complete`;
    this.#fail(new ConnectionFault(ErrorCode.enhanceYourCalm, message));
  }

  settleLater(holder: Holder): void {
    this.#holders.add(holder);
  }

  #pause(): void {
    if (this.#closed !== undefined) return;
    this.#paused = true;
    this.#stream.pause();
  }

  #onDrain(): void {
    if (this.#paused && this.output.hasRoom) {
      this.#paused = false;
      this.#stream.resume();
    }
    this.pumpWaiting();
  }

  /** The stream with the last identifier also ends the connection, gently. */
  openStream(handler: StreamHandler): Http2Stream {
    const stream = this.addStream(this.streams.takeId(), handler);
    if (this.streams.exhausted) this.#drainAndTell(usedUp);
    return stream;
  }

  addStream(id: number, handler: StreamHandler): Http2Stream {
    const stream = new Http2Stream(this, id, handler, this.peer.initialWindowSize, this.limits.streamWindowBytes);
    this.streams.add(stream);
    this.counters.streams++;
    return stream;
  }

  writeHeaders(id: number, template: HeaderTemplate, extra: readonly HeaderField[], endStream: boolean): void {
    writeHeaders(this.output, this.encoder, this.peer.maxFrameSize, id, template, extra, endStream);
  }

  writeWindowUpdate(id: number, bytes: number): void {
    this.output.frame(FrameType.windowUpdate, 0, id, formatUint32(bytes));
  }

  writeReset(id: number, errorCode: number): void {
    this.output.frame(FrameType.rstStream, 0, id, formatUint32(errorCode));
    this.counters.resetsOut++;
    streamWasReset(this.role, id, errorCode, "us");
    this.streams.rememberReset(id);
  }

  /** Ends a stream from our side. Its handler hears nothing of it. */
  resetStream(stream: Http2Stream, errorCode: number): void {
    this.writeReset(stream.id, errorCode);
    stream.abandon();
    this.forget(stream);
  }

  /** A server has sent its trailers while the client has not ended its side: the client may stop (RFC 9113 §8.1). */
  answered(stream: Http2Stream): void {
    this.resetStream(stream, ErrorCode.noError);
  }

  /** A stream has ended on both sides. */
  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
    if (!this.streams.delete(stream)) return;
    if (this.#draining !== undefined && this.streams.size === 0) this.finish(this.#draining);
    else this.owner.onRoom();
  }

  waitForRoom(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  /** Streams that waited send on, each up to what the windows and the peer's pace allow. */
  pumpWaiting(): void {
    if (this.#waiting.size === 0) return;
    for (const stream of this.#waiting) {
      if (this.maxDataBytes === 0) return;
      this.#waiting.delete(stream);
      if (stream.pump()) stream.handler.onDrain();
    }
  }

  /** No new streams from either side; ends when those in flight have. */
  drain(): void {
    this.#drainAndTell(closedByUs);
  }

  #drainAndTell(reason: CloseReason): void {
    if (this.#draining !== undefined || this.#closed !== undefined) return;
    this.#writeGoaway(ErrorCode.noError, "");
    this.drainWith(reason);
  }

  /** The same without telling the peer, because it knows. */
  drainWith(reason: CloseReason): void {
    this.#draining ??= reason;
    if (this.streams.size === 0) this.finish(this.#draining);
  }

  /** Ends now; streams in flight are reset. */
  destroy(reason: CloseReason): void {
    if (this.#closed !== undefined) return;
    this.#writeGoaway(ErrorCode.noError, "");
    this.finish(reason);
  }

  /** The end, once: handlers of streams in flight hear of it, then the owner. */
  finish(reason: CloseReason): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#reader.stop();
    this.output.flush();
    this.output.close();
    const streams = this.streams.all();
    this.streams.clear();
    this.#waiting.clear();
    for (const stream of streams) {
      stream.abandon();
      const { message, cause } = reason;
      stream.handler.onReset({ errorCode: ErrorCode.cancel, by: "connection", message, cause, closed: reason });
    }
    this.pings.fail(reason.message);
    endGently(this.#stream);
    connectionClosed(this.role, this.#stream, reason, this.counters);
    this.owner.onClosed(reason);
  }

  #writeGoaway(errorCode: number, debug: string): void {
    this.output.frame(FrameType.goaway, 0, 0, formatGoaway(this.streams.lastPeerId, errorCode, debug));
  }

  #fail(fault: ConnectionFault): void {
    if (this.#closed !== undefined) return;
    this.#writeGoaway(fault.errorCode, fault.debug);
    this.finish({ kind: "error", message: `the peer broke the protocol: ${fault.message}`, cause: fault });
  }

  #lost(message: string, cause?: unknown): void {
    this.finish(this.#draining?.kind === "goaway" ? this.#draining : { kind: "lost", message, cause });
  }
}
