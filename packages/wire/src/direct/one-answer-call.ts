import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import type { HeaderField } from "../hpack/field.js";
import { CallLife, type CallTerms } from "./call-life.js";
import { DirectRequests } from "./direct-requests.js";
import type { ListedCall } from "./service-calls.js";

/** Makes what the caller gets of the answer with its headers and trailers. */
export type MakeResponse<R> = (
  method: DescMethod,
  message: Message,
  header: readonly HeaderField[],
  trailer: readonly HeaderField[],
) => R;

/** A call whose handler gives one answer: runs the handler and tells the outcome exactly once. */
export class OneAnswerCall<R> implements ListedCall {
  previous: ListedCall | undefined;
  next: ListedCall | undefined;
  readonly #life: CallLife;
  readonly #makeResponse: MakeResponse<R>;
  readonly #resolve: (response: R) => void;
  readonly #reject: (error: ConnectError) => void;
  #requests: DirectRequests | undefined;

  constructor(
    method: DescMethod,
    terms: CallTerms,
    makeResponse: MakeResponse<R>,
    resolve: (response: R) => void,
    reject: (error: ConnectError) => void,
  ) {
    this.#makeResponse = makeResponse;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#life = new CallLife(this, method, terms);
  }

  /** Runs the handler of a method with one request. */
  run(request: Message): void {
    this.#run(request);
  }

  /** Runs the handler of a method with a stream of requests. */
  runWith(input: AsyncIterator<unknown>): void {
    this.#requests = new DirectRequests(this, this.#life, input);
    this.#run(this.#requests.messages);
  }

  fail(error: ConnectError, forHandler = error): void {
    if (!this.#life.end(error, forHandler)) return;
    this.#requests?.close(forHandler);
    this.#reject(error);
  }

  #run(request: unknown): void {
    const { spec, context } = this.#life;
    try {
      const answer = (spec.impl as (request: unknown, context: HandlerContext) => unknown)(request, context);
      if (!(answer instanceof Promise)) return this.#answer(answer);
      answer.then(
        (late: unknown) => this.#answer(late),
        (cause: unknown) => this.#threw(cause),
      );
    } catch (cause) {
      this.#threw(cause);
    }
  }

  #answer(answer: unknown): void {
    const life = this.#life;
    if (life.isOver) return;
    const late = life.lateError;
    if (late !== undefined) return this.fail(late);
    let message: Message;
    try {
      message = life.tools.passage.pass(life.served.output, life.asked.output, answer);
    } catch (cause) {
      return this.#threw(cause);
    }
    const response = this.#makeResponse(life.asked, message, life.header, life.trailer);
    life.end();
    this.#requests?.close(undefined);
    this.#resolve(response);
  }

  #threw(cause: unknown): void {
    if (!this.#life.isOver) this.fail(this.#life.errorOf(cause));
  }
}
