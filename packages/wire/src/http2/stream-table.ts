import { maxWindow } from "./constants.js";
import type { Http2Stream } from "./stream.js";

/** Streams that we reset and whose late frames we still expect, at most. */
const maxRemembered = 1000;

/** The streams of one connection, by the rules for identifiers of RFC 9113 §5.1.1. */
export class StreamTable {
  readonly #streams = new Map<number, Http2Stream>();
  /** Streams that we reset, newest last: what the peer sent before it knew is ignored. */
  readonly #resetByUs = new Set<number>();
  readonly #ourParity: number;
  #nextId: number;
  /** The highest stream that the peer has opened. */
  lastPeerId = 0;

  constructor(role: "client" | "server") {
    this.#ourParity = role === "client" ? 1 : 0;
    this.#nextId = role === "client" ? 1 : 2;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** True when no identifier of ours is left. */
  get exhausted(): boolean {
    return this.#nextId > maxWindow;
  }

  takeId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  get(id: number): Http2Stream | undefined {
    return this.#streams.get(id);
  }

  add(stream: Http2Stream): void {
    this.#streams.set(stream.id, stream);
  }

  delete(stream: Http2Stream): boolean {
    return this.#streams.delete(stream.id);
  }

  /** All streams, as a copy: the table may change while it is walked. */
  all(): Http2Stream[] {
    return [...this.#streams.values()];
  }

  clear(): void {
    this.#streams.clear();
  }

  /** True for a stream that never began: frames on it are a connection error. */
  isIdle(id: number): boolean {
    if (id === 0) return true;
    return (id & 1) === this.#ourParity ? id >= this.#nextId : id > this.lastPeerId;
  }

  rememberReset(id: number): void {
    this.#resetByUs.add(id);
    if (this.#resetByUs.size > maxRemembered) this.#resetByUs.delete(this.#resetByUs.values().next().value!);
  }

  wasResetByUs(id: number): boolean {
    return this.#resetByUs.has(id);
  }
}
