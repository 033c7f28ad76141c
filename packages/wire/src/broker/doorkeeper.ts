import type { Duplex } from "node:stream";

/** What a {@link Doorkeeper} works with. */
export interface DoorkeeperInit {
  /** Answers a knock: an empty text lets the dialler open its stream. */
  readonly answer: (id: number, error: string) => void;
  /** How long a stream may take after its knock was answered, in milliseconds. */
  readonly expectMs: number;
  /** How long a knock waits for somebody to serve its id, in milliseconds. */
  readonly holdMs: number;
}

/**
 * How long a stream may still take once the next knock came. A dialler that knocks again has opened the stream before, or
 * has given up: one of ours then opens it for nothing, to keep the order.
 */
const overtakenMs = 100;
/** More knocks than this wait neither for their turn nor for somebody to serve their id. */
const maxHeldKnocks = 1024;

/**
 * Finds out for whom the streams of a session are. A stream carries no id: a knock says for whom the next one is, and it
 * is opened once the knock was answered. One at a time: the next knock is answered when that stream has come, or when it
 * comes no more.
 */
export class Doorkeeper {
  readonly #init: DoorkeeperInit;
  readonly #doors = new Map<number, (stream: Duplex) => void>();
  /** Knocks for ids that nobody serves yet. */
  readonly #held = new Map<number, NodeJS.Timeout>();
  #knocks: number[] = [];
  #expected: number | undefined;
  #expires: NodeJS.Timeout | undefined;
  #lastTurn: NodeJS.Immediate | undefined;

  constructor(init: DoorkeeperInit) {
    this.#init = init;
  }

  /** Serves an id. */
  open(id: number, take: (stream: Duplex) => void): void {
    this.#doors.set(id, take);
    const held = this.#held.get(id);
    if (held === undefined) return;
    clearTimeout(held);
    this.#held.delete(id);
    this.#enqueue(id);
  }

  /** Serves it no more. A stream for it that is still to come is destroyed. */
  close(id: number): void {
    this.#doors.delete(id);
  }

  /** A knock came. */
  knock(id: number): void {
    if (this.#held.has(id)) return;
    if (this.#held.size + this.#knocks.length >= maxHeldKnocks) {
      this.#init.answer(id, "too many knocks wait");
    } else if (this.#doors.has(id)) {
      this.#enqueue(id);
    } else {
      // The one who serves it may be slower than the message that names it.
      const timer = setTimeout(() => {
        this.#held.delete(id);
        this.#init.answer(id, `nobody serves the id ${id}`);
      }, this.#init.holdMs);
      timer.unref();
      this.#held.set(id, timer);
    }
  }

  /** A stream came. False when it came without a knock. */
  admit(stream: Duplex): boolean {
    if (this.#expected === undefined) return false;
    const take = this.#doors.get(this.#expected);
    this.#settle();
    if (take === undefined) stream.destroy();
    else take(stream);
    this.#next();
    return true;
  }

  /** Forgets every knock. */
  end(): void {
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
    this.#knocks = [];
    this.#doors.clear();
    this.#settle();
  }

  #enqueue(id: number): void {
    this.#knocks.push(id);
    if (this.#expected === undefined) this.#next();
    else this.#expireAfter(overtakenMs);
  }

  #next(): void {
    for (let id = this.#knocks.shift(); id !== undefined; id = this.#knocks.shift()) {
      if (!this.#doors.has(id)) {
        this.#init.answer(id, `nobody serves the id ${id} any more`);
        continue;
      }
      this.#expected = id;
      this.#expireAfter(this.#knocks.length === 0 ? this.#init.expectMs : overtakenMs);
      this.#init.answer(id, "");
      return;
    }
  }

  #expireAfter(ms: number): void {
    this.#clearTimers();
    this.#expires = setTimeout(() => {
      // After a suspension the timer is due before what came meanwhile was read: that goes first.
      this.#lastTurn = setImmediate(() => {
        this.#settle();
        this.#next();
      });
    }, ms);
    this.#expires.unref();
  }

  #settle(): void {
    this.#clearTimers();
    this.#expected = undefined;
  }

  #clearTimers(): void {
    clearTimeout(this.#expires);
    if (this.#lastTurn !== undefined) clearImmediate(this.#lastTurn);
  }
}
