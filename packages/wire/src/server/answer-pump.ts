import { type MessageSource, type TakeWith, takeWith } from "../grpc/direct-messages.js";
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
  /** What was sent may go ahead of the rest of the turn. */
  flushEarly(): void;
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
export function pumpAnswers<T>(call: PumpedCall<T>, answers: MessageSource<T>, home: PumpHome): void {
  new AnswerPump(call, answers, home).ask();
}

/** Two functions serve all answers: an async function would cost more for each. */
class AnswerPump<T> {
  readonly #call: PumpedCall<T>;
  readonly #answers: AsyncIterator<T>;
  readonly #home: PumpHome;
  readonly #take: ReturnType<TakeWith<T>> | undefined;
  /** There was nothing to take. */
  #isIdle = false;
  readonly #next = () => this.ask();
  readonly #onResult = (result: IteratorResult<T>) => this.#send(result);
  readonly #onError = (error: unknown) => {
    this.#call.fail(error);
    this.#home.handlerEnded();
  };

  constructor(call: PumpedCall<T>, answers: MessageSource<T>, home: PumpHome) {
    this.#call = call;
    this.#answers = answers;
    this.#home = home;
    this.#take = answers[takeWith]?.(() => {
      if (!this.#isIdle) return;
      this.#isIdle = false;
      this.ask();
    });
  }

  ask(): void {
    if (this.#call.isOver) return this.#leave();
    if (this.#take !== undefined) return this.#sendTaken(this.#take);
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

  /** As `ask` and `#send`, of what is there without waiting for promises: it leaves in this turn. */
  #sendTaken(take: ReturnType<TakeWith<T>>): void {
    const call = this.#call;
    try {
      for (let result = take(); result !== undefined; result = take()) {
        if (result.done === true) {
          call.answersEnded();
          return this.#home.handlerEnded();
        }
        const sending = call.sendAnswer(result.value);
        if (sending !== undefined) {
          sending.then(this.#next, (error: unknown) => this.#stop(error));
          return;
        }
        if (call.isOver) return this.#leave();
        if (!this.#home.turns.takeOne()) return this.#home.turns.afterTurn(this.#next);
      }
      this.#isIdle = true;
      call.flushEarly();
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
