import type { DescMessage, DescMethodStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { CallOptions, StreamResponse, Transport } from "@connectrpc/connect";

/**
 * The answers of one streaming call through a transport that is not ours, or that has interceptors. It ends the call
 * when its reader leaves, by a signal of its own: what transports do about `return()` differs.
 */
export class StreamAnswers<I extends DescMessage, O extends DescMessage>
  implements AsyncIterableIterator<MessageShape<O>>
{
  readonly #options: CallOptions;
  readonly #abort = new AbortController();
  readonly #opened: Promise<void>;
  #response: StreamResponse<I, O> | undefined;
  #messages: AsyncIterator<MessageShape<O>> | undefined;
  /** Calls of `next` that wait for the head of the answer: later ones must not go ahead of them. */
  #waiting = 0;
  /** The reader has had the error or the end, or has left. */
  #isOver = false;

  constructor(
    method: DescMethodStreaming<I, O>,
    transport: Transport,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: CallOptions,
  ) {
    this.#options = options;
    const own = this.#abort.signal;
    const signal = options.signal === undefined ? own : AbortSignal.any([options.signal, own]);
    const { timeoutMs, headers, contextValues } = options;
    this.#opened = transport.stream(method, signal, timeoutMs, headers, requests, contextValues).then((response) => {
      this.#response = response;
      this.#messages = response.message[Symbol.asyncIterator]();
      options.onHeader?.(response.header);
    });
    this.#opened.catch(() => {}); // It is for those who read.
  }

  async next(): Promise<IteratorResult<MessageShape<O>>> {
    if (this.#messages === undefined || this.#waiting > 0) {
      this.#waiting++;
      try {
        await this.#opened;
      } catch (error) {
        return this.#throw(error);
      } finally {
        this.#waiting--;
      }
    }
    if (this.#isOver) return { done: true, value: undefined };
    let result: IteratorResult<MessageShape<O>>;
    try {
      result = await this.#messages!.next();
    } catch (error) {
      return this.#throw(error);
    }
    if (this.#isOver) return { done: true, value: undefined };
    if (result.done === true) {
      this.#isOver = true;
      this.#options.onTrailer?.(this.#response!.trailer);
    }
    return result;
  }

  return(): Promise<IteratorResult<MessageShape<O>>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#abort.abort();
      this.#messages?.return?.().catch(() => {});
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** An error is told once, as by a generator. What `onHeader` threw also ends the call. */
  #throw(error: unknown): IteratorResult<MessageShape<O>> {
    if (this.#isOver) return { done: true, value: undefined };
    this.#isOver = true;
    this.#abort.abort();
    throw error;
  }
}
