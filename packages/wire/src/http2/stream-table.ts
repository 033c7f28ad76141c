import { maxStreamIds, maxWindow } from "./constants.js";
import type { Http2Stream } from "./stream.js";

/** Streams that we reset and whose late frames we still expect, at most. */
const maxRemembered = 1000;

/** A power of two. */
const slotCount = 256;

/**
 * The streams of one connection, by the rules for identifiers of RFC 9113 §5.1.1.
 *
 * A stream lives in the slot of its identifier, and in the map only while a longer-lived one has that slot. A map alone
 * costs half of the calls per second at 64 callers: it grows a new table every few calls, and those outlive the young
 * generation of the garbage collector.
 */
export class StreamTable {
  readonly #slots: (Http2Stream | undefined)[] = Array.from({ length: slotCount });
  readonly #displaced = new Map<number, Http2Stream>();
  #size = 0;
  /** Streams that we reset, newest last: what the peer sent before it knew is ignored. */
  readonly #resetByUs = new Set<number>();
  readonly #ourParity: number;
  #nextId: number;
  /** The last identifier of ours that may be used. */
  readonly #lastId: number;
  /** The highest stream that the peer has opened. */
  lastPeerId = 0;

  constructor(role: "client" | "server", maxOwnStreams: number = maxStreamIds) {
    this.#ourParity = role === "client" ? 1 : 0;
    this.#nextId = role === "client" ? 1 : 2;
    this.#lastId = Math.min(2 * maxOwnStreams, maxWindow);
  }

  get size(): number {
    return this.#size;
  }

  /** True when no identifier of ours is left. */
  get exhausted(): boolean {
    return this.#nextId > this.#lastId;
  }

  /** The identifier of the newest stream of either side; 0 before the first. */
  get newestId(): number {
    return Math.max(this.#nextId - 2, this.lastPeerId);
  }

  takeId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  get(id: number): Http2Stream | undefined {
    const stream = this.#slots[slotOf(id)];
    if (stream?.id === id) return stream;
    return this.#displaced.size === 0 ? undefined : this.#displaced.get(id);
  }

  add(stream: Http2Stream): void {
    const slot = slotOf(stream.id);
    if (this.#slots[slot] === undefined) this.#slots[slot] = stream;
    else this.#displaced.set(stream.id, stream);
    this.#size++;
  }

  delete(stream: Http2Stream): boolean {
    const slot = slotOf(stream.id);
    if (this.#slots[slot] === stream) this.#slots[slot] = undefined;
    else if (!this.#displaced.delete(stream.id)) return false;
    this.#size--;
    return true;
  }

  /** All streams, as a copy: the table may change while it is walked. */
  all(): Http2Stream[] {
    return [...this.#slots.filter((stream) => stream !== undefined), ...this.#displaced.values()];
  }

  clear(): void {
    this.#slots.fill(undefined);
    this.#displaced.clear();
    this.#size = 0;
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

function slotOf(id: number): number {
  return (id >>> 1) & (slotCount - 1);
}
