import type { Counters } from "../diagnostics/counters.js";
import { streamStalled } from "../diagnostics/events.js";
import type { HeaderField } from "../hpack/field.js";
import { Flag, FrameType, frameHeaderBytes, maxWindow } from "./constants.js";
import type { HeaderTemplate } from "./header-template.js";
import type { ConnectionLimits } from "./limits.js";
import type { Output } from "./output.js";

/** Why a stream ended before both sides had finished. */
export interface ResetReason {
  /** Error code of RFC 9113 §7. */
  readonly errorCode: number;
  /** `peer`: RST_STREAM came. `refused`: the peer said that it never looked at it. `connection`: the connection is gone. */
  readonly by: "peer" | "refused" | "connection";
  readonly message: string;
  readonly cause?: unknown;
}

/** The user of a stream: one end of one call. No method may throw. */
export interface StreamHandler {
  /** A complete header block: the first one, or trailers. `truncated`: it was over the limit, the fields are not all there. */
  onHeaders(fields: readonly HeaderField[], endStream: boolean, truncated: boolean): void;
  /** Part of the body. Views into `bytes` may be kept. */
  onData(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** The stream is over; called at most once and never after both sides have ended it. */
  onReset(reason: ResetReason): void;
  /** Everything that was queued has been sent; more may follow. */
  onDrain(): void;
}

/** What a stream needs of its connection. */
export interface StreamHome {
  readonly role: "client" | "server";
  readonly limits: ConnectionLimits;
  readonly output: Output;
  readonly counters: Counters;
  /** The connection's own window. */
  sendWindow: number;
  /** Largest DATA payload that may be written now, in bytes; 0 when none may. */
  readonly maxDataBytes: number;
  writeHeaders(id: number, template: HeaderTemplate, extra: readonly HeaderField[], endStream: boolean): void;
  writeWindowUpdate(id: number, bytes: number): void;
  /** Calls pump() and then onDrain() when there is room. */
  waitForRoom(stream: Http2Stream): void;
  resetStream(stream: Http2Stream, errorCode: number): void;
  /** The stream has ended on both sides. */
  forget(stream: Http2Stream): void;
  /** A server's side has ended, the client's has not. */
  answered(stream: Http2Stream): void;
}

const noFields: readonly HeaderField[] = [];
const grpcPrefixBytes = 5;

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
  /** Bytes that were taken in but whose window was not given back yet. */
  #uncredited = 0;
  readonly #connection: StreamHome;
  #queue: Uint8Array[] | undefined;
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
  }

  /** Bytes that wait for a window or for a slow peer. A producer waits for onDrain while this is not 0. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  sendHeaders(template: HeaderTemplate, extra: readonly HeaderField[] | undefined, endStream: boolean): void {
    if (this.localEnded) return;
    this.#connection.writeHeaders(this.id, template, extra ?? noFields, endStream);
    if (endStream) this.#endLocal();
  }

  /** Sends trailers behind everything that is queued and ends this side. */
  sendTrailers(template: HeaderTemplate, extra?: readonly HeaderField[]): void {
    if (this.localEnded) return;
    if (this.#queuedBytes > 0) this.#trailers = { template, extra: extra ?? noFields };
    else this.sendHeaders(template, extra, true);
  }

  /** Sends one gRPC message with its five-byte prefix. The bytes are copied before it returns. */
  sendMessage(message: Uint8Array, endStream: boolean, compressed = false): void {
    if (this.localEnded) return;
    const connection = this.#connection;
    const total = message.length + grpcPrefixBytes;
    if (this.#queuedBytes === 0 && total <= connection.maxDataBytes && total <= this.sendWindow) {
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
    this.#endAfterQueue ||= endStream;
    this.pump();
    if (this.#queuedBytes > 0) this.#ownLast(message);
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
    const buffer = output.reserve(frameHeaderBytes + size);
    let at = output.frameHeader(output.position, size, FrameType.data, ends ? Flag.endStream : 0, this.id);
    let left = size;
    const queue = this.#queue!;
    while (left > 0) {
      const head = queue[0]!;
      const take = Math.min(left, head.length - this.#queueOffset);
      buffer.set(head.subarray(this.#queueOffset, this.#queueOffset + take), at);
      at += take;
      left -= take;
      this.#queueOffset += take;
      if (this.#queueOffset === head.length) {
        queue.shift();
        this.#queueOffset = 0;
      }
    }
    output.advance(at);
    this.#queuedBytes -= size;
    this.sendWindow -= size;
    this.#connection.sendWindow -= size;
    if (ends) this.#endLocal();
  }

  /** Gives the peer `bytes` of window back, gathered until half a window is due. */
  credit(bytes: number): void {
    if (this.remoteEnded) return;
    this.#uncredited += bytes;
    if (this.#uncredited < this.#connection.limits.streamWindowBytes / 2) return;
    this.#connection.writeWindowUpdate(this.id, this.#uncredited);
    this.receiveWindow += this.#uncredited;
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
