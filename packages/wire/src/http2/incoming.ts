import { streamWasReset } from "../diagnostics/events.js";
import type { HeaderField } from "../hpack/field.js";
import { ErrorCode, errorCodeName, Flag, FrameType, maxWindow } from "./constants.js";
import { ConnectionFault } from "./error.js";
import { HeaderBlocks, type IncomingHeaders } from "./header-blocks.js";
import type { IncomingHome } from "./incoming-home.js";
import { readGoaway, readPing, readResetCode, readWindowIncrement, unpad } from "./payloads.js";
import { applySettings } from "./settings.js";
import type { Http2Stream, StreamHandler } from "./stream.js";

/** So many answers to PING and SETTINGS may wait for a peer that does not read (RFC 9113 §10.5). */
const maxUnreadAnswers = 10_000;
/** A SETTINGS frame costs as much as this many of the frames that `maxControlFramesPerSecond` counts. */
const settingsCost = 10;
/** A WINDOW_UPDATE by less counts as a frame that moves nothing. */
const minUsefulIncrement = 1024;
const emptyPayload = new Uint8Array(0);
const noHandler: StreamHandler = { onHeaders() {}, onData() {}, onReset() {}, onDrain() {} };

/** What the peer's frames do to a connection: RFC 9113 §5 and §6. Throws ConnectionFault for what ends the connection. */
export class Incoming {
  readonly #connection: IncomingHome;
  readonly #headers: HeaderBlocks;
  #settingsSeen = false;
  /** DATA bytes whose connection window was not given back yet. */
  #uncredited = 0;
  #unreadAnswers = 0;

  constructor(connection: IncomingHome) {
    this.#connection = connection;
    this.#headers = new HeaderBlocks(connection.limits.maxHeaderListBytes);
  }

  /** A header block has begun and not ended. */
  get withinHeaders(): boolean {
    return this.#headers.pendingStreamId !== 0;
  }

  /** A frame, or part of a DATA frame of which `more` comes. */
  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number, more: boolean): void {
    if (!more) this.#connection.counters.framesIn++;
    if (!this.#settingsSeen && type !== FrameType.settings) {
      throw new ConnectionFault(
        ErrorCode.protocolError,
        "the first frame is no SETTINGS frame: the peer speaks no HTTP/2",
      );
    }
    const { pendingStreamId } = this.#headers;
    if (pendingStreamId !== 0 && (type !== FrameType.continuation || id !== pendingStreamId)) {
      throw new ConnectionFault(ErrorCode.protocolError, "a frame came between HEADERS and its CONTINUATION");
    }
    switch (type) {
      case FrameType.data:
        return this.#onData(flags, id, bytes, start, end);
      case FrameType.headers:
        return this.#onHeaders(this.#headers.begin(flags, id, bytes, start, end));
      case FrameType.continuation:
        return this.#onHeaders(this.#headers.add(flags, id, bytes, start, end));
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(id, readWindowIncrement(bytes, start, end));
      case FrameType.rstStream:
        return this.#onRstStream(id, readResetCode(bytes, start, end));
      case FrameType.settings:
        return this.#onSettings(flags, id, bytes, start, end);
      case FrameType.ping:
        return this.#onPing(flags, readPing(id, bytes, start, end), bytes.subarray(start, end));
      case FrameType.goaway:
        return this.#onGoaway(id, bytes, start, end);
      case FrameType.priority:
        return this.#onPriority(id, bytes, start, end);
      case FrameType.pushPromise:
        throw new ConnectionFault(ErrorCode.protocolError, "PUSH_PROMISE came, push is off");
      default:
        // Unknown types are ignored, RFC 9113 §4.1.
        this.#connection.calm.onControl();
    }
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    const [from, to] = unpad(flags, bytes, start, end, "DATA");
    this.#creditConnection(size);
    if (from === to && (flags & Flag.endStream) === 0) this.#connection.calm.onControl();
    const stream = this.#connection.streams.get(id);
    if (stream === undefined || stream.remoteEnded) return this.#onLateFrame(id, "DATA");
    stream.receiveWindow -= size;
    if (stream.receiveWindow < 0) {
      return this.#resetAndTell(stream, ErrorCode.flowControlError, "more DATA than its window");
    }
    if (!stream.headersReceived) return this.#resetAndTell(stream, ErrorCode.protocolError, "DATA before HEADERS");
    const endStream = (flags & Flag.endStream) !== 0;
    if (stream.announcedBytes !== undefined && !keepsItsLength(stream, to - from, endStream)) {
      return this.#resetAndTell(stream, ErrorCode.protocolError, "another content-length than it announced");
    }
    if (endStream) stream.remoteEnded = true;
    else if (size > to - from) stream.credit(size - (to - from));
    stream.handler.onData(bytes, from, to, endStream);
    if (endStream && stream.localEnded) this.#connection.forget(stream);
  }

  /** The connection's window is given back on arrival: a stream whose reader is slow must not hold the others back. */
  #creditConnection(size: number): void {
    this.#uncredited += size;
    if (this.#uncredited < this.#connection.limits.connectionWindowBytes / 2) return;
    this.#connection.writeWindowUpdate(0, this.#uncredited);
    this.#uncredited = 0;
  }

  /** A frame for a stream that is not open: it never began, which is an error, or it has ended, which the peer may not know. */
  #onLateFrame(id: number, what: string): void {
    const { streams } = this.#connection;
    if (streams.isIdle(id)) {
      throw new ConnectionFault(ErrorCode.protocolError, `${what} on stream ${id}, which never began`);
    }
    const expected = streams.wasResetByUs(id);
    if (what !== "DATA" || !expected) this.#connection.calm.onControl();
    if (what === "DATA" && !expected) this.#connection.writeReset(id, ErrorCode.streamClosed);
  }

  #onHeaders(headers: IncomingHeaders | undefined): void {
    if (headers === undefined) return;
    const { id, endStream, fields, truncated } = headers;
    const { role, streams } = this.#connection;
    let stream = streams.get(id);
    if (stream === undefined) {
      if (role === "client") return this.#onLateFrame(id, "HEADERS");
      stream = this.#acceptStream(id);
      if (stream === undefined) return;
    } else if (stream.remoteEnded) {
      return this.#resetAndTell(stream, ErrorCode.streamClosed, "HEADERS after the end of the stream");
    } else if (stream.headersReceived && (!endStream || hasPseudoField(fields)) && role === "server") {
      return this.#resetAndTell(
        stream,
        ErrorCode.protocolError,
        "trailers that do not end the stream or hold a pseudo field",
      );
    }
    stream.headersReceived = true;
    if (endStream) stream.remoteEnded = true;
    stream.handler.onHeaders(fields, endStream, truncated);
    if (endStream && stream.localEnded) this.#connection.forget(stream);
  }

  #acceptStream(id: number): Http2Stream | undefined {
    const connection = this.#connection;
    const { streams } = connection;
    if ((id & 1) === 0) throw new ConnectionFault(ErrorCode.protocolError, `a client opened stream ${id}`);
    if (id <= streams.lastPeerId) {
      if (streams.wasResetByUs(id)) return undefined;
      throw new ConnectionFault(ErrorCode.streamClosed, `HEADERS on stream ${id}, which has ended`);
    }
    streams.lastPeerId = id;
    if (connection.draining || streams.size >= connection.limits.maxConcurrentStreams) {
      connection.writeReset(id, ErrorCode.refusedStream);
      return undefined;
    }
    connection.calm.onAccepted();
    const stream = connection.addStream(id, noHandler);
    stream.handler = connection.owner.accept(stream);
    return stream;
  }

  #onWindowUpdate(id: number, increment: number): void {
    const connection = this.#connection;
    if (increment < minUsefulIncrement) connection.calm.onControl();
    if (id === 0) {
      if (increment === 0) throw new ConnectionFault(ErrorCode.protocolError, "WINDOW_UPDATE by 0");
      connection.sendWindow += increment;
      if (connection.sendWindow > maxWindow) {
        throw new ConnectionFault(ErrorCode.flowControlError, "the connection's window overflows");
      }
      return connection.pumpWaiting();
    }
    const stream = connection.streams.get(id);
    if (stream === undefined) return this.#onLateFrame(id, "WINDOW_UPDATE");
    if (increment === 0) return this.#resetAndTell(stream, ErrorCode.protocolError, "WINDOW_UPDATE by 0");
    if (!stream.widen(increment)) this.#resetAndTell(stream, ErrorCode.flowControlError, "its window overflows");
  }

  #onRstStream(id: number, errorCode: number): void {
    const stream = this.#connection.streams.get(id);
    this.#connection.counters.resetsIn++;
    streamWasReset(this.#connection.role, id, errorCode, "peer");
    if (stream === undefined) return this.#onLateFrame(id, "RST_STREAM");
    stream.abandon();
    this.#connection.forget(stream);
    const by = errorCode === ErrorCode.refusedStream ? "refused" : "peer";
    stream.handler.onReset({ errorCode, by, message: `the peer reset the stream with ${errorCodeName(errorCode)}` });
    this.#countReset();
  }

  /** Counts a reset once the handler has heard of it. Only a client costs its peer anything by resets. */
  #countReset(): void {
    const { role, calm, streams } = this.#connection;
    if (role === "server") calm.onReset(streams.size);
  }

  /** A stream error, RFC 9113 §5.4.2: the peer gets RST_STREAM, the handler hears why. */
  #resetAndTell(stream: Http2Stream, errorCode: number, message: string): void {
    this.#connection.resetStream(stream, errorCode);
    stream.handler.onReset({ errorCode, by: "peer", message: `the peer broke the protocol: ${message}` });
    this.#countReset();
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const { peer, encoder, streams, role, owner } = this.#connection;
    if (id !== 0) throw new ConnectionFault(ErrorCode.protocolError, "SETTINGS on a stream");
    if ((flags & Flag.ack) !== 0) {
      if (end !== start) throw new ConnectionFault(ErrorCode.frameSizeError, "SETTINGS ack with a payload");
      if (!this.#settingsSeen) throw new ConnectionFault(ErrorCode.protocolError, "the first SETTINGS frame is an ack");
      this.#connection.calm.onControl();
      this.#connection.pings.settingsAcknowledged();
      return;
    }
    if (!this.#settingsSeen && role === "client") peer.enablePush = false;
    this.#settingsSeen = true;
    const before = peer.initialWindowSize;
    this.#connection.calm.onControl(settingsCost);
    applySettings(peer, bytes, start, end);
    if (role === "client" && peer.enablePush) {
      throw new ConnectionFault(ErrorCode.protocolError, "a server announced SETTINGS_ENABLE_PUSH");
    }
    encoder.setMaxTableBytes(Math.min(peer.headerTableSize, 4096));
    this.#answer(FrameType.settings, emptyPayload);
    const change = peer.initialWindowSize - before;
    if (change !== 0) this.#connection.calm.onControl(streams.size / settingsCost);
    for (const stream of change === 0 ? [] : streams.all()) {
      if (!stream.widen(change)) throw new ConnectionFault(ErrorCode.flowControlError, "a stream's window overflows");
    }
    owner.onRoom();
  }

  #onPing(flags: number, value: bigint, payload: Buffer): void {
    this.#connection.calm.onControl();
    if ((flags & Flag.ack) !== 0) return this.#connection.pings.answered(value);
    this.#connection.owner.onPing?.();
    this.#answer(FrameType.ping, payload);
  }

  /** Acknowledges SETTINGS or PING, unless the peer lets acknowledgements pile up. */
  #answer(type: number, payload: Uint8Array): void {
    const { output } = this.#connection;
    if (output.hasRoom) this.#unreadAnswers = 0;
    else if (++this.#unreadAnswers > maxUnreadAnswers) {
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, "the peer asks for answers that it does not read");
    }
    this.#connection.calm.onAnswer();
    output.frame(type, Flag.ack, 0, payload);
  }

  #onGoaway(id: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const { lastStreamId, errorCode, debug } = readGoaway(id, bytes, start, end);
    const message = `the peer is going away (${errorCodeName(errorCode)}${debug === "" ? "" : `: ${debug}`})`;
    const goaway = { errorCode, debug };
    // A client that says goodbye opens no more streams, but waits for the answers to those it has opened.
    if (connection.role === "server") {
      if (errorCode !== ErrorCode.noError) connection.finish({ kind: "error", message, goaway });
      return;
    }
    const refused = connection.streams.all().filter((stream) => stream.id > lastStreamId);
    for (const stream of refused) {
      stream.abandon();
      connection.streams.delete(stream);
      stream.handler.onReset({ errorCode: ErrorCode.refusedStream, by: "refused", message });
    }
    if (errorCode !== ErrorCode.noError) return connection.finish({ kind: "error", message, goaway });
    connection.drainWith({ kind: "goaway", message, goaway });
    connection.owner.onRoom();
  }

  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    if (id === 0) throw new ConnectionFault(ErrorCode.protocolError, "PRIORITY on stream 0");
    this.#connection.calm.onControl();
    if (end - start !== 5) return this.#breakStream(id, ErrorCode.frameSizeError, "PRIORITY is not five bytes long");
    if ((bytes.readUInt32BE(start) & 0x7fffffff) === id) {
      this.#breakStream(id, ErrorCode.protocolError, "it depends on itself");
    }
  }

  /** A stream error also on a stream that is not open. */
  #breakStream(id: number, errorCode: number, message: string): void {
    const stream = this.#connection.streams.get(id);
    if (stream !== undefined) this.#resetAndTell(stream, errorCode, message);
    else this.#connection.writeReset(id, errorCode);
  }
}

function hasPseudoField(fields: readonly HeaderField[]): boolean {
  return fields.some(([name]) => name.startsWith(":"));
}

/** Counts part of a body whose length was announced. False when it is longer, or ends too early (RFC 9113 §8.1.1). */
function keepsItsLength(stream: Http2Stream, bytes: number, endStream: boolean): boolean {
  stream.announcedBytes! -= bytes;
  return endStream ? stream.announcedBytes === 0 : stream.announcedBytes! >= 0;
}
