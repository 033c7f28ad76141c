import type { Turns } from "./turns.js";

/** The call whose answers a pump sends. */
export interface PumpedCall<T> {
  /** The call has ended: nothing more is wanted of the handler. */
  readonly isOver: boolean;
  /** Sends an answer. What it gives must be waited for before the next one is asked for. */
  sendAnswer(answer: T): Promise<void> | undefined;
  /** The handler has no more answers. */
  answersEnded(): void;
  /** The handler has thrown, or an answer cannot be sent. */
  fail(error: unknown): void;
}

/** Where the call is. */
interface PumpHome {
  readonly turns: Turns;
  /** The handler works no more. */
  handlerEnded(): void;
}

/**
 * Asks a handler for its answers, one after the other, and sends them: the next one when nothing of the stream waits.
 * The handler has begun; `handlerEnded` is called once.
 */
export function pumpAnswers<T>(call: PumpedCall<T>, answers: AsyncIterator<T>, home: PumpHome): void {
  new AnswerPump(call, answers, home).ask();
}

/** Two functions serve all answers: an async function would cost more for each. */
class AnswerPump<T> {
  readonly #call: PumpedCall<T>;
  readonly #answers: AsyncIterator<T>;
  readonly #home: PumpHome;
  readonly #next = () => this.ask();
  readonly #onResult = (result: IteratorResult<T>) => this.#send(result);
  readonly #onError = (error: unknown) => {
    this.#call.fail(error);
    this.#home.handlerEnded();
  };

  constructor(call: PumpedCall<T>, answers: AsyncIterator<T>, home: PumpHome) {
    this.#call = call;
    this.#answers = answers;
    this.#home = home;
  }

  ask(): void {
    if (this.#call.isOver) return this.#leave();
    try {
      const next = this.#answers.next() as unknown;
      // As `await` would: an iterator written by hand may give something else.
      const promise = next instanceof Promise ? next : Promise.resolve(next);
      promise.then(this.#onResult, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  #send(result: IteratorResult<T>): void {
    const call = this.#call;
    if (call.isOver) return this.#leave();
    try {
      if (result.done === true) {
        call.answersEnded();
        return this.#home.handlerEnded();
      }
      const sending = call.sendAnswer(result.value);
      if (sending !== undefined) sending.then(this.#next, (error: unknown) => this.#stop(error));
      else if (this.#home.turns.takeOne()) this.ask();
      else this.#home.turns.afterTurn(this.#next);
    } catch (error) {
      this.#stop(error);
    }
  }

  #stop(error: unknown): void {
    this.#call.fail(error);
    this.#leave();
  }

  /** Lets the handler clean up. */
  #leave(): void {
    const ended = () => this.#home.handlerEnded();
    try {
      const left = this.#answers.return?.();
      if (left === undefined) ended();
      else left.then(ended, ended);
    } catch {
      ended();
    }
  }
}
