import type { Duplex } from "node:stream";
import type { CloseReason } from "../http2/close-reason.js";
import { endGently } from "../streams/end-gently.js";
import { LineWriter } from "./line-writer.js";
import { ValueReader } from "./value-reader.js";

/** What either end of a connection does with it. */
export interface ConnectionUser {
  /** A complete JSON object has come. A TenonError that this throws ends the connection. */
  onValue(text: string): void;
  /** The peer sends no more, and ended between two messages. Returns whether the connection is to stay for what is left to be sent. */
  onPeerEnded(): boolean;
  /** The connection is over. Called once. */
  onClosed(reason: CloseReason): void;
  /** Room for more: the peer has taken what waited. */
  onDrain(): void;
}

/** One JSON-RPC connection: reads objects, writes lines, and ends once. */
export class JsonRpcConnection {
  readonly writer: LineWriter;
  readonly #stream: Duplex;
  readonly #user: ConnectionUser;
  readonly #reader: ValueReader;
  readonly #onData = (chunk: Buffer) => this.#read(chunk);
  readonly #onEnd = () => this.#peerEnded();
  readonly #onError = (error: Error) => this.#lost(error);
  readonly #onClose = () => this.#lost(undefined);
  #isClosed = false;

  constructor(stream: Duplex, maxMessageBytes: number, user: ConnectionUser) {
    this.#stream = stream;
    this.#user = user;
    this.writer = new LineWriter(stream);
    this.#reader = new ValueReader(maxMessageBytes, (text) => user.onValue(text));
    stream.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    stream.on("drain", () => user.onDrain());
    if (stream.destroyed) queueMicrotask(this.#onClose);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads no more until `resume`. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isClosed) this.#stream.resume();
  }

  /** Ends the connection behind what was written; nothing more is read. */
  end(reason: CloseReason): void {
    if (!this.#close(reason)) return;
    this.writer.end();
    endGently(this.#stream);
  }

  /** Ends the connection now. */
  destroy(reason: CloseReason): void {
    if (this.#close(reason)) this.#stream.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#reader.push(chunk);
    } catch (cause) {
      this.end({ kind: "error", message: cause instanceof Error ? cause.message : String(cause), cause });
    }
  }

  #peerEnded(): void {
    const partialBytes = this.#reader.partialBytes;
    if (partialBytes === 0 && this.#user.onPeerEnded()) return;
    const within = partialBytes === 0 ? "" : `, ${partialBytes} bytes into a message`;
    this.end({ kind: "lost", message: `the other side ended the connection${within}` });
  }

  #lost(cause: Error | undefined): void {
    const message = cause === undefined ? "the connection was closed" : `the connection was lost: ${cause.message}`;
    this.destroy({ kind: "lost", message, cause });
  }

  #close(reason: CloseReason): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    // A pipe that breaks later has ended already; its error must have a listener.
    this.#stream.off("data", this.#onData).off("end", this.#onEnd);
    this.#user.onClosed(reason);
    return true;
  }
}
