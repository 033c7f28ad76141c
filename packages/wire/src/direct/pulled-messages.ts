import type { DirectTurns } from "./direct-turns.js";

/** The call that a stream of messages belongs to. */
export interface PullOwner<T> {
  /** Makes of what the source gave what the reader gets. What it throws goes to `sourceFailed`. */
  take(value: unknown): T;
  /** The source has no more. The owner says `end`. */
  sourceEnded(): void;
  /** The source has thrown. The owner says `end`. */
  sourceFailed(cause: unknown): void;
  /** The reader has left before the end. */
  readerLeft(): void;
  /** The reader is about to be told that there is no more. What this throws it gets instead. */
  tellingEnd(): void;
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
  next: Waiter<T> | undefined;
}

/**
 * Messages that one side makes and the other reads, without a queue between them: the source is asked for a message when the reader
 * wants it, one at a time. `next()` may be called again before the last one has answered, and after an error there is nothing.
 */
export class PulledMessages<T> implements AsyncIterableIterator<T> {
  readonly #owner: PullOwner<T>;
  readonly #turns: DirectTurns;
  #source: AsyncIterator<unknown> | undefined;
  /** The source has been asked and has not answered. */
  #isAsking = false;
  /** What `prefetch` has brought. */
  #ready: IteratorYieldResult<T> | undefined;
  #waiting: Waiter<T> | undefined;
  #last: Waiter<T> | undefined;
  #end: { readonly error: unknown } | undefined;
  #isTold = false;

  constructor(owner: PullOwner<T>, turns: DirectTurns) {
    this.#owner = owner;
    this.#turns = turns;
  }

  /** From now on `source` is asked. */
  open(source: AsyncIterator<unknown>): void {
    this.#source = source;
    if (this.#waiting !== undefined) this.#ask();
  }

  /** Asks for one message before anybody reads. */
  prefetch(): void {
    if (!this.#isAsking) this.#ask();
  }

  next(): Promise<IteratorResult<T>> {
    const ready = this.#ready;
    if (ready !== undefined) {
      this.#ready = undefined;
      return Promise.resolve(ready);
    }
    if (this.#end !== undefined) return this.#finish();
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = { resolve, reject, next: undefined };
      if (this.#waiting === undefined) this.#waiting = waiter;
      else this.#last!.next = waiter;
      this.#last = waiter;
      if (!this.#isAsking && this.#source !== undefined) this.#ask();
    });
  }

  /** The reader takes no more. */
  return(): Promise<IteratorResult<T>> {
    this.#isTold = true;
    const isEarly = this.#end === undefined;
    this.end();
    if (isEarly) this.#owner.readerLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The reader gets the end or the error, and nothing that it has not taken. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#ready = undefined;
    this.#answerWaiting();
  }

  /** Lets the source clean up, and waits for nothing of it. */
  leaveSource(): void {
    const source = this.#source;
    this.#source = undefined;
    try {
      const left = source?.return?.() as unknown;
      if (left instanceof Promise) left.catch(() => {});
    } catch {
      // Its call is over: there is nobody to tell.
    }
  }

  #ask(): void {
    this.#isAsking = true;
    this.#turns.take(this.#askNow);
  }

  readonly #askNow = () => {
    if (this.#source === undefined) return;
    try {
      const next = this.#source.next() as unknown;
      // As `await` would: an iterator written by hand may give something else.
      const promise = (next instanceof Promise ? next : Promise.resolve(next)) as Promise<IteratorResult<unknown>>;
      promise.then(this.#onResult, this.#onError);
    } catch (cause) {
      this.#onError(cause);
    }
  };

  readonly #onResult = (result: IteratorResult<unknown>) => {
    this.#isAsking = false;
    if (this.#end !== undefined) return;
    try {
      if (result.done === true) {
        this.#source = undefined;
        return this.#owner.sourceEnded();
      }
      const value = this.#owner.take(result.value);
      if (this.#end === undefined) this.#deliver({ done: false, value });
    } catch (cause) {
      this.#owner.sourceFailed(cause);
    }
  };

  readonly #onError = (cause: unknown) => {
    this.#isAsking = false;
    this.#source = undefined;
    if (this.#end === undefined) this.#owner.sourceFailed(cause);
  };

  /** The end may have come by way of the owner's `take`. */
  #deliver(result: IteratorYieldResult<T>): void {
    const waiter = this.#waiting;
    if (waiter === undefined) {
      this.#ready = result;
      return;
    }
    this.#waiting = waiter.next;
    waiter.resolve(result);
    if (waiter.next !== undefined) this.#ask();
  }

  #answerWaiting(): void {
    let waiter = this.#waiting;
    this.#waiting = undefined;
    for (; waiter !== undefined; waiter = waiter.next) this.#finish().then(waiter.resolve, waiter.reject);
  }

  /** The error or the end. As with a generator, there is only the end behind the error. */
  #finish(): Promise<IteratorResult<T>> {
    const isNews = !this.#isTold;
    this.#isTold = true;
    if (isNews) {
      if (this.#end?.error !== undefined) return Promise.reject(this.#end.error);
      try {
        this.#owner.tellingEnd();
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return Promise.resolve({ done: true, value: undefined });
  }
}
