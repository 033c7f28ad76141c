import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { statusFromThrown } from "../grpc/thrown.js";
import type { HeaderField } from "../hpack/field.js";
import { notOneMessage } from "../server/call-errors.js";
import { CallLife, noFields, type CallTerms } from "./call-life.js";
import { DirectRequests } from "./direct-requests.js";
import { PulledMessages, type PullOwner } from "./pulled-messages.js";
import type { ListedCall } from "./service-calls.js";

/** Who is told how a call goes on. */
export interface AnswersListener {
  /** The head is there: an answer has come, or the end, or headers before an error. Not called where the call fails without. */
  onHead(header: readonly HeaderField[]): void;
  /** The call has failed without a head. */
  onRefused(error: ConnectError): void;
  /** The reader of the answers is about to be told of their end. */
  onEnd(trailer: readonly HeaderField[]): void;
}

/** A call whose handler gives a stream of answers, each when its reader wants it. The first is asked for at once: the head comes with it. */
export class ManyAnswersCall implements ListedCall, PullOwner<Message> {
  previous: ListedCall | undefined;
  next: ListedCall | undefined;
  /** For the one reader of the answers. */
  readonly answers: PulledMessages<Message>;
  readonly #life: CallLife;
  readonly #listener: AnswersListener;
  #requests: DirectRequests | undefined;
  #hasHead = false;
  #trailer = noFields;

  constructor(method: DescMethod, terms: CallTerms, listener: AnswersListener) {
    this.#listener = listener;
    this.answers = new PulledMessages(this, terms.target.calls.tools.turns);
    this.#life = new CallLife(this, method, terms);
  }

  /** Runs the handler, for a method with one request as soon as that has come. */
  run(input: AsyncIterator<unknown>): void {
    if (this.#life.spec.kind === "server_streaming") {
      void this.#runWithOne(input);
      return;
    }
    this.#requests = new DirectRequests(this, this.#life, input);
    this.#run(this.#requests.messages);
  }

  async #runWithOne(input: AsyncIterator<unknown>): Promise<void> {
    const { tools, asked, served } = this.#life;
    let request: Message;
    try {
      const result = await input.next();
      if (this.#life.isOver) return;
      if (result.done === true) return this.fail(notOneMessage(0));
      request = tools.passage.pass(asked.input, served.input, result.value);
    } catch (cause) {
      return this.fail(statusFromThrown(cause).error);
    }
    this.#run(request);
  }

  #run(request: unknown): void {
    const { spec, context } = this.#life;
    const handler = spec.impl as (request: unknown, context: HandlerContext) => AsyncIterable<unknown>;
    try {
      this.answers.open(handler(request, context)[Symbol.asyncIterator]());
    } catch (cause) {
      return this.sourceFailed(cause);
    }
    this.answers.prefetch();
  }

  fail(error: ConnectError, forHandler = error): void {
    if (!this.#life.end(error, forHandler)) return;
    this.#close(error, forHandler);
    if (!this.#hasHead) this.#listener.onRefused(error);
  }

  take(value: unknown): Message {
    const { tools, asked, served, lateError } = this.#life;
    if (lateError !== undefined) throw lateError;
    const message = tools.passage.pass(served.output, asked.output, value);
    this.#head();
    return message;
  }

  sourceEnded(): void {
    const { lateError, trailer } = this.#life;
    if (lateError !== undefined) return this.fail(lateError);
    this.#trailer = trailer;
    this.#head();
    this.#life.end();
    this.#close(undefined, undefined);
  }

  sourceFailed(cause: unknown): void {
    if (this.#life.isOver) return;
    const error = this.#life.errorOf(cause);
    // What a handler has put into the headers its caller gets, as over the wire.
    if (this.#life.context.hasHeader) this.#head();
    this.fail(error);
  }

  readerLeft(): void {
    this.fail(new ConnectError("the caller stopped reading the answers", Code.Canceled));
  }

  tellingEnd(): void {
    this.#listener.onEnd(this.#trailer);
  }

  #head(): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    this.#listener.onHead(this.#life.header);
  }

  #close(error: ConnectError | undefined, forHandler: ConnectError | undefined): void {
    this.answers.end(error);
    this.answers.leaveSource();
    this.#requests?.close(forHandler);
  }
}
