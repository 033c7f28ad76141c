import { onAbort } from "../streams/on-abort.js";

/** Lets one in at a time, in the order in which they came. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #taken = false;

  /** Resolves, when it is the caller's turn, with the way to end it. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        forget();
        this.#taken = true;
        let ended = false;
        resolve(() => {
          if (ended) return;
          ended = true;
          this.#next();
        });
      };
      let forget = (): void => {};
      if (!this.#taken) return begin();
      this.#waiting.add(begin);
      forget = onAbort(signal, () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      });
    });
  }

  #next(): void {
    this.#taken = false;
    const [begin] = this.#waiting;
    if (begin === undefined) return;
    this.#waiting.delete(begin);
    begin();
  }
}
