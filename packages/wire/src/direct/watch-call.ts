import { setMaxListeners } from "node:events";
import type { ConnectError } from "@connectrpc/connect";
import { abortError, deadlineError } from "../client/pending-call.js";

/** A call that can be ended from outside. */
export interface LiveCall {
  /** Ends the call: its caller gets `error`, and its handler's signal aborts with `forHandler`. After the end it does nothing. */
  fail(error: ConnectError, forHandler?: ConnectError): void;
}

/** Deadline and caller's signal of a call. Made only for calls that have one of them. */
export class CallWatch {
  readonly #timeoutMs: number | undefined;
  readonly #deadline: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #abort: (() => void) | undefined;

  constructor(
    call: LiveCall,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    deadline = Number.POSITIVE_INFINITY,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#deadline = deadline;
    this.#signal = signal;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => call.fail(deadlineError(timeoutMs)), Math.min(Math.ceil(timeoutMs), 0x7fffffff));
    }
    if (signal !== undefined) {
      this.#abort = () => call.fail(abortError(signal));
      setMaxListeners(0, signal); // One signal for many calls is no leak, and Node would warn of one at the eleventh.
      signal.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** The error of a call whose deadline is over, also where a handler kept the timer from running. */
  get lateError(): ConnectError | undefined {
    const timeoutMs = this.#timeoutMs;
    return timeoutMs !== undefined && performance.now() >= this.#deadline ? deadlineError(timeoutMs) : undefined;
  }

  /** The call is over: timer and listener end with it. */
  release(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#abort !== undefined) this.#signal?.removeEventListener("abort", this.#abort);
  }
}
