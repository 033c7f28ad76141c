import { checkNumbers, maxTimerMs } from "../options/check.js";
import { maxUint32 } from "./constants.js";
import { YamuxError } from "./error.js";

interface Waiting {
  readonly sentAt: number;
  readonly settle: (result: number | Error) => void;
}

/** Pings of ours that wait for their answer. */
export class Pings {
  readonly #send: (id: number) => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(send: (id: number) => void) {
    this.#send = send;
  }

  /** Resolves with the round trip in milliseconds; rejects with `ping-timeout`, when `signal` aborts and in `fail`. */
  ping(timeoutMs: number, signal: AbortSignal | undefined): Promise<number> {
    checkNumbers({ timeoutMs }, { timeoutMs: [1, maxTimerMs] });
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    while (this.#waiting.has(this.#next)) this.#advance();
    const id = this.#next;
    this.#advance();
    return new Promise((resolve, reject) => {
      const settle = (result: number | Error) => {
        this.#waiting.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        if (typeof result === "number") resolve(result);
        else reject(result);
      };
      const late = () => settle(new YamuxError("ping-timeout", `no answer to a ping after ${timeoutMs} ms`));
      const abort = () => settle(signal?.reason as Error);
      // When this process has stood still, the answer may be there, unread: one more look before giving up.
      const timer = setTimeout(() => setImmediate(() => this.#waiting.has(id) && late()), timeoutMs);
      timer.unref();
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.set(id, { sentAt: performance.now(), settle });
      this.#send(id);
    });
  }

  /** An answer came. One that nobody waits for is ignored. */
  answered(id: number): void {
    const waiting = this.#waiting.get(id);
    waiting?.settle(performance.now() - waiting.sentAt);
  }

  /** No answer will come. */
  fail(error: Error): void {
    for (const { settle } of this.#waiting.values()) settle(error);
  }

  #advance(): void {
    this.#next = this.#next === maxUint32 ? 0 : this.#next + 1;
  }
}

/** Pings again and again until stopped. */
export class KeepAlive {
  readonly #intervalMs: number;
  readonly #ping: () => Promise<number>;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `onSilence` is called once, when a ping has failed. With an interval of 0 nothing ever happens. */
  constructor(intervalMs: number, ping: () => Promise<number>, onSilence: () => void) {
    this.#intervalMs = intervalMs;
    this.#ping = ping;
    this.#onSilence = onSilence;
    if (intervalMs > 0) this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#ping().then(
        () => this.#wait(),
        () => this.#stopped || this.#onSilence(),
      );
    }, this.#intervalMs);
    this.#timer.unref();
  }
}
