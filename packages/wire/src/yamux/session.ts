import type { Duplex } from "node:stream";
import { checkNumbers, maxTimerMs } from "../options/check.js";
import { Backlog } from "./backlog.js";
import { Flag, FrameType, GoAwayCode, maxUint32 } from "./constants.js";
import {
  closedError,
  peerGoingAway,
  selfGoingAway,
  ViolationFault,
  type YamuxCloseReason,
  YamuxError,
} from "./error.js";
import { FrameReader } from "./frame-reader.js";
import { Incoming, type IncomingHome } from "./incoming.js";
import { readYamuxLimits, type YamuxLimits, type YamuxOptions } from "./options.js";
import { Output } from "./output.js";
import { PendingOpens } from "./pending-opens.js";
import { KeepAlive, Pings } from "./pings.js";
import { SessionStream, type StreamHome, type YamuxStream } from "./stream.js";
import type { YamuxSession } from "./yamux-session.js";
import { nextTick } from "../runtime.js";
import { readFrom } from "../http2/direct-reading.js";
import { Holders } from "../http2/holders.js";
import { endGently } from "../streams/end-gently.js";

/**
 * Speaks yamux on a byte stream, which the session owns and ends from now on. Go: `yamux.Client`, `yamux.Server`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createYamuxSession(stream: Duplex, options: YamuxOptions): YamuxSession {
  return new Session(stream, options, readYamuxLimits(options));
}

class Session implements YamuxSession, StreamHome, IncomingHome {
  readonly role: "client" | "server";
  readonly output: Output;
  readonly windowBytes: number;
  readonly overwrites: boolean;
  readonly closed: Promise<YamuxCloseReason>;
  readonly #limits: YamuxLimits;
  readonly #onStream: YamuxOptions["onStream"];
  readonly #stream: Duplex;
  readonly #reader: FrameReader;
  readonly #streams = new Map<number, SessionStream>();
  /** Streams that wait for room in the byte stream, in the order in which they are served. */
  readonly #waiting = new Set<SessionStream>();
  /** Streams whose readers may refer to the chunk that came last. */
  readonly #readers = new Holders();
  readonly #backlog: Backlog;
  readonly #opens: PendingOpens;
  readonly #pings: Pings;
  readonly #keepAlive: KeepAlive;
  readonly #settle: (reason: YamuxCloseReason) => void;
  #nextId: number;
  /** Streams in the map that the peer opened. */
  #peerStreams = 0;
  #saidGoAway = false;
  #heardGoAway = false;
  #state: "open" | "closing" | "closed" = "open";
  #reason: YamuxCloseReason | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, options: YamuxOptions, limits: YamuxLimits) {
    this.role = options.role;
    this.windowBytes = limits.streamWindowBytes;
    this.#limits = limits;
    this.#onStream = options.onStream;
    this.#stream = stream;
    this.#nextId = options.role === "client" ? 1 : 2;
    let settle!: (reason: YamuxCloseReason) => void;
    this.closed = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
    this.output = new Output(stream, () => this.#pumpWaiting());
    this.#backlog = new Backlog(limits.maxBacklog);
    this.#opens = new PendingOpens(limits.maxPendingOpens, limits.openTimeoutMs, (id) => this.#openTimedOut(id));
    this.#pings = new Pings((id) => this.output.frame(FrameType.ping, Flag.syn, 0, id));
    this.#keepAlive = new KeepAlive(
      limits.keepAliveIntervalMs,
      () => this.ping(),
      () => this.#end({ kind: "timeout", message: `the peer answered no ping for ${limits.pingTimeoutMs} ms` }),
    );
    this.#reader = new FrameReader(new Incoming(this));
    stream.on("error", (cause) => this.#lost(`the byte stream failed: ${cause.message}`, cause));
    stream.on("end", () => this.#lost("the peer closed the byte stream"));
    stream.on("close", () => this.#lost("the byte stream was closed"));
    this.overwrites = readFrom(stream, (chunk) => this.#receive(chunk), this.#readers.settle);
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  async open({ signal }: { readonly signal?: AbortSignal } = {}): Promise<YamuxStream> {
    signal?.throwIfAborted();
    this.#checkOpenable();
    if (!this.#opens.hasRoom) {
      await this.#opens.wait(signal);
      try {
        signal?.throwIfAborted();
        this.#checkOpenable();
        return this.#openNow();
      } finally {
        this.#opens.leaveQueue();
      }
    }
    return this.#openNow();
  }

  async ping(options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<number> {
    if (this.#reason !== undefined) throw closedError(this.#reason);
    return await this.#pings.ping(options.timeoutMs ?? this.#limits.pingTimeoutMs, options.signal);
  }

  goAway(): void {
    if (this.#saidGoAway || this.#state === "closed") return;
    this.#saidGoAway = true;
    this.output.frame(FrameType.goAway, 0, 0, GoAwayCode.normal);
  }

  close(options: { readonly graceMs?: number } = {}): Promise<YamuxCloseReason> {
    checkNumbers(options, { graceMs: [0, maxTimerMs] });
    if (this.#state === "open") {
      this.goAway();
      this.#state = "closing";
      this.#opens.fail(selfGoingAway());
      this.#backlog.end();
      this.#grace = setTimeout(() => this.#end(closedByUs), options.graceMs ?? 5000);
      this.#endIfIdle();
    }
    return this.closed;
  }

  destroy(error?: Error): void {
    if (this.#state === "closed") return;
    if (error === undefined) {
      this.goAway();
      this.#end(closedByUs);
    } else {
      this.output.frame(FrameType.goAway, 0, 0, GoAwayCode.internalError);
      this.#end({ kind: "closed", message: `closed by this side: ${error.message}`, cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<YamuxStream, undefined> {
    return { next: () => this.#backlog.take() };
  }

  waitForRoom(stream: SessionStream): void {
    this.#waiting.add(stream);
  }

  settleLater(stream: SessionStream): void {
    this.#readers.add(stream);
  }

  forget(stream: SessionStream): void {
    this.#waiting.delete(stream);
    this.#backlog.remove(stream);
    if (!this.#streams.delete(stream.id)) return;
    if (this.isOurs(stream.id)) this.#opens.settle(stream.id);
    else this.#peerStreams--;
    this.#endIfIdle();
  }

  find(id: number): SessionStream | undefined {
    return this.#streams.get(id);
  }

  isOurs(id: number): boolean {
    return (id & 1) === (this.role === "client" ? 1 : 0);
  }

  wasOpened(id: number): boolean {
    return id < this.#nextId;
  }

  accept(id: number): SessionStream | undefined {
    const isFull = this.#peerStreams >= this.#limits.maxStreams;
    if (this.#saidGoAway || isFull || (this.#onStream === undefined && this.#backlog.isFull)) {
      this.output.answer(FrameType.windowUpdate, Flag.rst, id, 0);
      return undefined;
    }
    this.output.countAnswer();
    const stream = new SessionStream(this, id, Flag.ack);
    this.#streams.set(id, stream);
    this.#peerStreams++;
    if (this.#onStream === undefined) {
      this.#backlog.add(stream);
      return stream;
    }
    try {
      this.#onStream(stream);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    stream.greet();
    return stream;
  }

  taken(id: number): void {
    this.#opens.settle(id);
  }

  pingAnswered(id: number): void {
    this.#pings.answered(id);
  }

  wentAway(code: number): void {
    if (code === GoAwayCode.normal) {
      this.#heardGoAway = true;
      this.#opens.fail(peerGoingAway());
      return;
    }
    const said = ["", "that we broke the protocol", "that it has an error itself"][code] ?? `the code ${code}`;
    this.#end({ kind: "refused", goAwayCode: code, message: `the peer ended the session and says ${said}` });
  }

  #checkOpenable(): void {
    if (this.#reason !== undefined) throw closedError(this.#reason);
    if (this.#state === "closing") throw selfGoingAway();
    if (this.#heardGoAway) throw peerGoingAway();
    if (this.#nextId > maxUint32) {
      throw new YamuxError("streams-exhausted", "every stream number has been used: a new session is needed");
    }
  }

  #openNow(): SessionStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new SessionStream(this, id, Flag.syn);
    this.#streams.set(id, stream);
    this.#opens.start(id);
    stream.greet();
    return stream;
  }

  #openTimedOut(id: number): void {
    const message = `the peer has not taken stream ${id} within ${this.#limits.openTimeoutMs} ms`;
    this.#streams.get(id)?.destroy(new YamuxError("open-timeout", message));
  }

  #pumpWaiting(): void {
    for (const stream of this.#waiting) {
      if (!this.output.hasRoom) return;
      this.#waiting.delete(stream);
      stream.pump();
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#state === "closed") return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ViolationFault)) throw error;
      this.output.frame(FrameType.goAway, 0, 0, GoAwayCode.protocolError);
      const message = `the peer broke the protocol (${error.violation}): ${error.message}`;
      this.#end({ kind: "violation", violation: error.violation, message });
    }
  }

  #lost(message: string, cause?: unknown): void {
    const kind = this.#state === "closing" ? "closed" : this.#heardGoAway ? "goaway" : "lost";
    this.#end({ kind, message, cause });
  }

  #endIfIdle(): void {
    if (this.#state === "closing" && this.#streams.size === 0) this.#end(closedByUs);
  }

  /** The end, once. */
  #end(reason: YamuxCloseReason): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#reason = reason;
    clearTimeout(this.#grace);
    this.#keepAlive.stop();
    this.#reader.stop();
    this.output.flush();
    this.output.close();
    const error = closedError(reason);
    this.#backlog.end();
    for (const stream of this.#streams.values()) stream.onSessionEnd(error);
    this.#pings.fail(error);
    this.#opens.fail(error);
    endGently(this.#stream);
    // Streams tell of their end in the next tick.
    nextTick(this.#settle, reason);
  }
}

const closedByUs: YamuxCloseReason = { kind: "closed", message: "closed by this side" };
