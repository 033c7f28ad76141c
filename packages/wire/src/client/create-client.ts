import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { isStreamOpener } from "./opens-streams.js";
import { StreamAnswers } from "./stream-answers.js";

/**
 * Creates a client of `service` whose calls go through `transport`: Connect-ES's `createClient`, with its types and its
 * results, for any transport of Connect-ES. Two things are different. Small messages of a stream come at several times the
 * pace, because no generator stands between the call and its reader. And who stops reading a stream, by `break` in
 * `for await` or `return()`, ends the call: the server's handler sees its signal abort, as if the caller's had.
 */
export function createClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  const client: Record<string, unknown> = {};
  for (const method of service.methods) client[method.localName] = createMethod(method, transport);
  return client as Client<S>;
}

function createMethod(method: DescMethod, transport: Transport): unknown {
  switch (method.methodKind) {
    case "unary":
      return createUnary(method as DescMethodUnary, transport);
    case "server_streaming":
      return createServerStreaming(method as DescMethodServerStreaming, transport);
    case "client_streaming":
      return createClientStreaming(method as DescMethodClientStreaming, transport);
    default:
      return createBidiStreaming(method as DescMethodBiDiStreaming, transport);
  }
}

function createUnary<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  transport: Transport,
): (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>> {
  return async (request, options) => {
    if (options === undefined) {
      return (await transport.unary(method, undefined, undefined, undefined, request)).message;
    }
    const { signal, timeoutMs, headers, contextValues } = options;
    const response = await transport.unary(method, signal, timeoutMs, headers, request, contextValues);
    options.onHeader?.(response.header);
    options.onTrailer?.(response.trailer);
    return response.message;
  };
}

function createServerStreaming<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  transport: Transport,
): (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>> {
  // Other transports count on what a generator has and OneMessage has not.
  const once = isStreamOpener(transport) ? toOneMessage<MessageInitShape<I>> : toGenerator<MessageInitShape<I>>;
  return (request, options) => openStream(method, transport, once(request), options);
}

function createBidiStreaming<I extends DescMessage, O extends DescMessage>(
  method: DescMethodBiDiStreaming<I, O>,
  transport: Transport,
): (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => AsyncIterable<MessageShape<O>> {
  return (requests, options) => openStream(method, transport, requests, options);
}

function createClientStreaming<I extends DescMessage, O extends DescMessage>(
  method: DescMethodClientStreaming<I, O>,
  transport: Transport,
): (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => Promise<MessageShape<O>> {
  return async (requests, options) => {
    const { signal, timeoutMs, headers, contextValues } = options ?? noOptions;
    const response = await transport.stream(method, signal, timeoutMs, headers, requests, contextValues);
    options?.onHeader?.(response.header);
    let answer: MessageShape<O> | undefined;
    for await (const message of response.message) {
      if (answer !== undefined) throw wrongAnswer(method, "more than one message");
      answer = message;
    }
    if (answer === undefined) throw wrongAnswer(method, "no message");
    options?.onTrailer?.(response.trailer);
    return answer;
  };
}

function openStream<I extends DescMessage, O extends DescMessage>(
  method: DescMethodStreaming<I, O>,
  transport: Transport,
  requests: AsyncIterable<MessageInitShape<I>>,
  options: CallOptions | undefined,
): AsyncIterable<MessageShape<O>> {
  if (isStreamOpener(transport)) return transport.open(method, requests, options);
  return new StreamAnswers(method, transport, requests, options ?? noOptions);
}

const noOptions: CallOptions = {};

function wrongAnswer({ name }: DescMethod, what: string): ConnectError {
  return new ConnectError(`protocol error: ${what} in the answer to ${name}, which has one`, Code.Unimplemented);
}

function toOneMessage<T>(message: T): AsyncIterable<T> {
  return new OneMessage(message);
}

function toGenerator<T>(message: T): AsyncIterable<T> {
  return createAsyncIterable([message]);
}

/** The one request of a method with a stream of answers. */
class OneMessage<T> implements AsyncIterableIterator<T> {
  #result: IteratorResult<T>;

  constructor(message: T) {
    this.#result = { done: false, value: message };
  }

  next(): Promise<IteratorResult<T>> {
    const result = this.#result;
    this.#result = { done: true, value: undefined };
    return Promise.resolve(result);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
