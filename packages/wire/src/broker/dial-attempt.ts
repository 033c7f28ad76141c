import { TenonError } from "@tenon/core";
import { onAbort } from "../streams/on-abort.js";
import type { Attempt } from "./paths.js";

/** What can end a dial before it is done. */
export interface DialLimits {
  readonly id: number;
  readonly plugin: string;
  readonly timeoutMs: number;
  readonly callersSignal: AbortSignal | undefined;
  /** Aborts, with the error to throw, when the broker ends. */
  readonly brokersSignal: AbortSignal;
}

/** The limits of one dial: its time, its caller's signal, the end of the broker. Whoever makes one ends it. */
export class DialAttempt implements Attempt {
  readonly id: number;
  stage = "the other side has not announced it";
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #lastTurn: NodeJS.Immediate | undefined;
  readonly #forget: (() => void)[];

  constructor({ id, plugin, timeoutMs, callersSignal, brokersSignal }: DialLimits) {
    this.id = id;
    const late = (): TenonError =>
      new TenonError(
        "broker-timeout",
        `Nobody answered under the broker id ${id} within ${timeoutMs} ms (timeoutMs): ${this.stage}.`,
        { plugin, facts: { id, timeoutMs } },
      );
    this.#timer = setTimeout(() => {
      // After a suspension the timer is due before what came meanwhile was read: that goes first.
      this.#lastTurn = setImmediate(() => this.#controller.abort(late()));
    }, timeoutMs);
    this.#forget = [brokersSignal, callersSignal].map((signal) =>
      signal === undefined ? () => {} : onAbort(signal, () => this.#controller.abort(signal.reason)),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    if (this.#lastTurn !== undefined) clearImmediate(this.#lastTurn);
    for (const forget of this.#forget) forget();
  }
}
