import type { ByteWriter } from "../http2/direct-writing.js";
import type { Outgoing } from "./outgoing.js";
import type { Output, Taken } from "./output.js";

/** What a {@link DirectWriter} needs of its stream. */
export interface DirectHome {
  readonly output: Output;
  readonly outgoing: Outgoing;
  /** Sends what may be sent. False when something is left, or the byte stream has no room: `onDrain` is called later. */
  sendNow(): boolean;
}

/**
 * Writes to a stream of a session without the machinery of Node's streams. What is written leaves at once: who writes
 * here has gathered already.
 */
export class DirectWriter implements ByteWriter {
  readonly #home: DirectHome;
  readonly #onDrain: () => void;
  #corked = false;

  constructor(home: DirectHome, onDrain: () => void) {
    this.#home = home;
    this.#onDrain = onDrain;
  }

  get copies(): boolean {
    return this.#home.output.copies;
  }

  get writableLength(): number {
    return this.#home.outgoing.bytes + this.#home.output.unsentBytes;
  }

  write(bytes: Uint8Array, taken?: Taken): boolean {
    this.#home.outgoing.add(bytes, taken);
    return this.#corked ? false : this.#home.sendNow();
  }

  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    // Each write until now was told to wait.
    if (this.#home.sendNow()) this.#onDrain();
  }
}
