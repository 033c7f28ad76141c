import type { Counters } from "../diagnostics/counters.js";
import { streamStalled } from "../diagnostics/events.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode, Flag, FrameType, frameHeaderBytes, maxWindow } from "./constants.js";
import { isOverLimit } from "./header-limit.js";
import type { HeaderTemplate } from "./header-template.js";
import type { ConnectionLimits } from "./limits.js";
import type { Output } from "./output.js";
import type { Holder, MessageLender, StreamHandler } from "./stream-handler.js";

export type { ResetReason, StreamHandler } from "./stream-handler.js";

/** What the tuning of windows asks of a stream. */
export type TunedStream = Pick<Http2Stream, "id" | "windowBytes">;

/** What a stream needs of its connection. */
export interface StreamHome {
  readonly role: "client" | "server";
  readonly limits: ConnectionLimits;
  readonly output: Output;
  readonly counters: Counters;
  readonly peer: { readonly maxHeaderListSize: number };
  readonly tuning: { change(stream: TunedStream, readBytes: number, sinceMs: number, now: number): number };
  /** The connection's own window. */
  sendWindow: number;
  /** Largest DATA payload that may be written now, in bytes; 0 when none may. */
  readonly maxDataBytes: number;
  writeHeaders(id: number, template: HeaderTemplate, extra: readonly HeaderField[], endStream: boolean): void;
  writeWindowUpdate(id: number, bytes: number): void;
  /** Calls pump() and then onDrain() when there is room. */
  waitForRoom(stream: Http2Stream): void;
  settleLater(holder: Holder): void;
  resetStream(stream: Http2Stream, errorCode: number): void;
  /** The stream has ended on both sides. */
  forget(stream: Http2Stream): void;
  /** A server's side has ended, the client's has not. */
  answered(stream: Http2Stream): void;
}

const noFields: readonly HeaderField[] = [];
const grpcPrefixBytes = 5;
/** Smaller messages are copied: that takes less than another element of a write. */
const minReferredBytes = 16_384;

/** One HTTP/2 stream (RFC 9113 §5): its two windows, what waits to be sent, and which sides have ended. */
export class Http2Stream {
  readonly id: number;
  handler: StreamHandler;
  /** The peer has sent END_STREAM, or the stream was reset. */
  remoteEnded = false;
  /** END_STREAM was sent, or the stream was reset. */
  localEnded = false;
  headersReceived = false;
  /** Bytes of the body that content-length announced and that have not come; undefined without that field. */
  announcedBytes: number | undefined;
  sendWindow: number;
  receiveWindow: number;
  /** What the receive window is when the reader has taken everything. */
  windowBytes: number;
  /** Bytes that were taken in but whose window was not given back yet. */
  #uncredited = 0;
  /** When window was last given back; 0: never. */
  #creditedAt = 0;
  readonly #connection: StreamHome;
  #queue: Uint8Array[] | undefined;
  /** The elements of `#queue` whose memory is lent, and by whom. */
  #lent: Map<Uint8Array, MessageLender> | undefined;
  #queueOffset = 0;
  #queuedBytes = 0;
  #endAfterQueue = false;
  #trailers: { template: HeaderTemplate; extra: readonly HeaderField[] } | undefined;

  constructor(connection: StreamHome, id: number, handler: StreamHandler, sendWindow: number, receiveWindow: number) {
    this.#connection = connection;
    this.id = id;
    this.handler = handler;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.windowBytes = receiveWindow;
  }

  /** Bytes that wait for a window or for a slow peer. A producer waits for onDrain while this is not 0. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  sendHeaders(template: HeaderTemplate, extra: readonly HeaderField[] | undefined, endStream: boolean): void {
    if (this.localEnded) return;
    if (extra !== undefined && isOverLimit(template, extra, this.#connection.peer.maxHeaderListSize)) {
      const message = "the header list is over what the peer takes";
      this.reset(ErrorCode.internalError);
      return this.handler.onReset({ errorCode: ErrorCode.internalError, by: "peer", message });
    }
    this.#connection.writeHeaders(this.id, template, extra ?? noFields, endStream);
    if (endStream) this.#endLocal();
  }

  /** Sends trailers behind everything that is queued and ends this side. */
  sendTrailers(template: HeaderTemplate, extra?: readonly HeaderField[]): void {
    if (this.localEnded) return;
    if (this.#queuedBytes > 0) this.#trailers = { template, extra: extra ?? noFields };
    else this.sendHeaders(template, extra, true);
  }

  /**
   * Sends one gRPC message with its five-byte prefix. The bytes are copied before it returns, unless `lender` lends them.
   */
  sendMessage(message: Uint8Array, endStream: boolean, compressed = false, lender?: MessageLender): void {
    if (this.localEnded) return;
    const connection = this.#connection;
    const total = message.length + grpcPrefixBytes;
    const large = message.length >= minReferredBytes && lender !== undefined && connection.output.copies;
    if (!large && this.#queuedBytes === 0 && total <= connection.maxDataBytes && total <= this.sendWindow) {
      const { output } = connection;
      const buffer = output.reserve(frameHeaderBytes + total);
      const at = output.frameHeader(output.position, total, FrameType.data, endStream ? Flag.endStream : 0, this.id);
      writePrefix(buffer, at, message.length, compressed);
      buffer.set(message, at + grpcPrefixBytes);
      output.advance(at + total);
      this.sendWindow -= total;
      connection.sendWindow -= total;
      if (endStream) this.#endLocal();
      return;
    }
    const prefix = Buffer.allocUnsafe(grpcPrefixBytes);
    writePrefix(prefix, 0, message.length, compressed);
    this.#enqueue(prefix);
    this.#enqueue(message);
    const lent = large && lender.lend(message);
    if (lent) (this.#lent ??= new Map()).set(message, lender);
    this.#endAfterQueue ||= endStream;
    this.pump();
    if (this.#queuedBytes > 0 && !lent) this.#ownLast(message);
  }

  /** What is left of a message in the queue becomes a copy: its memory is used again for the next one. */
  #ownLast(message: Uint8Array): void {
    const queue = this.#queue!;
    const last = queue.length - 1;
    if (queue[last] !== message) return;
    const sent = last === 0 ? this.#queueOffset : 0;
    queue[last] = Uint8Array.prototype.slice.call(message, sent);
    if (last === 0) this.#queueOffset = 0;
  }

  /** Sends a body that is no gRPC message, and ends this side. */
  sendBody(body: Uint8Array): void {
    if (this.localEnded) return;
    this.#enqueue(body);
    this.#endAfterQueue = true;
    this.pump();
  }

  #enqueue(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#queue ??= [];
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** A handler keeps on referring to what came. `settle` is called before the next bytes come, whose chunk may be the same. */
  settleLater(holder: Holder): void {
    this.#connection.settleLater(holder);
  }

  /** See Output.flushEarly. */
  flushEarly(): void {
    this.#connection.output.flushEarly();
  }

  /** Ends this side without trailers, behind everything that is queued. */
  end(): void {
    if (this.localEnded) return;
    if (this.#queuedBytes > 0) {
      this.#endAfterQueue = true;
      return;
    }
    this.#connection.output.frame(FrameType.data, Flag.endStream, this.id, emptyPayload);
    this.#endLocal();
  }

  /** Ends both sides now with RST_STREAM. The handler hears nothing more. */
  reset(errorCode: number): void {
    if (this.localEnded && this.remoteEnded) return;
    this.#connection.resetStream(this, errorCode);
  }

  /** Sends what the windows and the peer's pace allow. True when nothing is left. */
  pump(): boolean {
    while (this.#queuedBytes > 0) {
      const room = Math.min(this.sendWindow, this.#connection.maxDataBytes);
      if (room <= 0) {
        this.#stall();
        return false;
      }
      this.#sendFrame(Math.min(room, this.#queuedBytes));
    }
    if (this.#trailers !== undefined) {
      const { template, extra } = this.#trailers;
      this.#trailers = undefined;
      this.sendHeaders(template, extra, true);
    }
    return true;
  }

  #stall(): void {
    const connection = this.#connection;
    if (this.sendWindow > 0) connection.waitForRoom(this);
    connection.counters.stalls++;
    const of = this.sendWindow <= 0 ? "stream" : connection.sendWindow <= 0 ? "connection" : "output";
    streamStalled(connection.role, this.id, of, this.#queuedBytes);
  }

  #sendFrame(size: number): void {
    const { output } = this.#connection;
    const ends = size === this.#queuedBytes && this.#endAfterQueue && this.#trailers === undefined;
    output.reserve(frameHeaderBytes + grpcPrefixBytes);
    output.advance(output.frameHeader(output.position, size, FrameType.data, ends ? Flag.endStream : 0, this.id));
    let left = size;
    const queue = this.#queue!;
    while (left > 0) {
      const head = queue[0]!;
      const take = Math.min(left, head.length - this.#queueOffset);
      const part = head.subarray(this.#queueOffset, this.#queueOffset + take);
      left -= take;
      this.#queueOffset += take;
      const done = this.#queueOffset === head.length;
      const lender = this.#lent?.get(head);
      if (lender === undefined) output.append(part);
      else if (!done) output.refer(part, undefined);
      else {
        output.refer(part, () => lender.giveBack(head));
        this.#lent!.delete(head);
      }
      if (done) {
        queue.shift();
        this.#queueOffset = 0;
      }
    }
    this.#queuedBytes -= size;
    this.sendWindow -= size;
    this.#connection.sendWindow -= size;
    if (ends) this.#endLocal();
  }

  /** Gives the peer `bytes` of window back, gathered until half a window is due. */
  credit(bytes: number): void {
    if (this.remoteEnded) return;
    this.#uncredited += bytes;
    if (this.#uncredited < this.windowBytes / 2) return;
    const now = performance.now();
    const change = this.#connection.tuning.change(this, this.#uncredited, this.#creditedAt, now);
    this.#creditedAt = now;
    this.windowBytes += change;
    this.#connection.writeWindowUpdate(this.id, this.#uncredited + change);
    this.receiveWindow += this.#uncredited + change;
    this.#uncredited = 0;
  }

  /** The peer gave us window. False when it overflows (RFC 9113 §6.9.1). */
  widen(bytes: number): boolean {
    this.sendWindow += bytes;
    if (this.sendWindow > maxWindow) return false;
    if (bytes > 0 && this.#queuedBytes > 0 && this.pump()) this.handler.onDrain();
    return true;
  }

  /** Forgets what was queued; nothing can be sent any more. */
  abandon(): void {
    this.localEnded = true;
    this.remoteEnded = true;
    this.#queue = undefined;
    this.#lent = undefined;
    this.#queuedBytes = 0;
    this.#trailers = undefined;
  }

  #endLocal(): void {
    this.localEnded = true;
    if (this.remoteEnded) this.#connection.forget(this);
    else if (this.#connection.role === "server") this.#connection.answered(this);
  }
}

const emptyPayload = new Uint8Array(0);

function writePrefix(buffer: Buffer, at: number, length: number, compressed: boolean): void {
  buffer[at] = compressed ? 1 : 0;
  buffer[at + 1] = length >>> 24;
  buffer[at + 2] = length >>> 16;
  buffer[at + 3] = length >>> 8;
  buffer[at + 4] = length;
}
