import type { Beat } from "@tenon/core/bind";

/** After so many heartbeats without a sign the peer is suspected. */
const suspectAfter = 1.5;

/** What {@link Beats} needs. */
export interface BeatsInit {
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly send: (id: bigint, busyMs: number) => void;
  readonly onSuspect: (silentMs: number) => void;
  readonly onRecovered: (silentMs: number) => void;
  readonly onDead: (silentMs: number) => void;
}

/** The heartbeats of one link: asks the peer, measures the round trip, and notices its silence. */
export class Beats {
  readonly #init: BeatsInit;
  readonly #timer: NodeJS.Timeout;
  readonly #tickMs: number;
  #lastTickMs = performance.now();
  #heardMs = performance.now();
  #askedMs = 0;
  #nextId = 1n;
  #asked: { readonly id: bigint; readonly atMs: number } | undefined;
  #busyMs = 0;
  #isSuspect = false;
  #isHeld = false;
  #roundTripMs: number | undefined;

  constructor(init: BeatsInit) {
    this.#init = init;
    this.#tickMs = Math.max(5, Math.min(init.heartbeatMs / 2, init.deadAfterMs / 4));
    this.#timer = setInterval(() => this.#tick(), this.#tickMs);
    this.#ask(performance.now());
  }

  /** Of the last heartbeat that was answered, in milliseconds. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** For how long this process did not turn, the worst since it was last told. */
  takeBusyMs(): number {
    const busyMs = Math.round(this.#busyMs);
    this.#busyMs = 0;
    return busyMs;
  }

  /** A frame came, whatever it holds. */
  heard(): void {
    const now = performance.now();
    if (this.#isSuspect) {
      this.#isSuspect = false;
      this.#init.onRecovered(now - this.#heardMs);
    }
    this.#heardMs = now;
  }

  answered({ id }: Beat): void {
    if (this.#asked?.id !== id) return;
    this.#roundTripMs = performance.now() - this.#asked.atMs;
    this.#asked = undefined;
  }

  /** Nothing is read for now: silence is our own doing. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#heardMs = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#lastTickMs - this.#tickMs);
    this.#lastTickMs = now;
    this.#busyMs = Math.max(this.#busyMs, lateMs);
    // While this process stood still it heard nothing, whatever came: that is no silence of the peer.
    this.#heardMs = this.#isHeld ? now : Math.min(now, this.#heardMs + lateMs);
    const silentMs = now - this.#heardMs;
    if (silentMs >= this.#init.deadAfterMs) {
      this.stop();
      this.#init.onDead(silentMs);
      return;
    }
    if (!this.#isSuspect && silentMs >= this.#init.heartbeatMs * suspectAfter) {
      this.#isSuspect = true;
      this.#init.onSuspect(silentMs);
    }
    if (now - this.#askedMs >= this.#init.heartbeatMs - this.#tickMs / 2) this.#ask(now);
  }

  #ask(now: number): void {
    this.#askedMs = now;
    const id = this.#nextId++;
    // One that is not answered yet is measured to its end.
    this.#asked ??= { id, atMs: now };
    this.#init.send(id, this.takeBusyMs());
  }
}
