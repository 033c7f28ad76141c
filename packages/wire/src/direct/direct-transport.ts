import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  Message,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { abortError, deadlineError } from "../client/pending-call.js";
import { UnaryAnswer } from "../client/unary-call.js";
import { fieldsFromHeaders, headersFromFields, type MetadataInit } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";
import { type CallTerms, noFields } from "./call-life.js";
import type { DirectMethod } from "./direct-methods.js";
import { ManyAnswersCall } from "./many-answers-call.js";
import { OneAnswerCall } from "./one-answer-call.js";

/** Where the calls of a transport go. */
export interface CallTargets {
  /** Throws ConnectError UNIMPLEMENTED for what is not there and UNAVAILABLE where nothing is called any more. */
  find(method: DescMethod): DirectMethod;
}

/** Connect-ES's transport, which calls implementations directly. Its functions need no `this`, as those of other transports. */
export class DirectTransport implements Transport {
  readonly unary: Transport["unary"];
  readonly stream: Transport["stream"];

  constructor(targets: CallTargets, defaultTimeoutMs: number | undefined, metadata: MetadataInit | undefined) {
    const always = metadata === undefined ? undefined : fieldsFromHeaders(metadata);
    const termsOf = (
      method: DescMethod,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: MetadataInit | undefined,
    ): CallTerms => {
      if (signal?.aborted === true) throw abortError(signal);
      if (timeoutMs !== undefined && timeoutMs <= 0) throw deadlineError(timeoutMs);
      return { target: targets.find(method), fields: join(always, header), signal, timeoutMs };
    };

    this.unary = (method, signal, timeoutMs = defaultTimeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        try {
          const terms = termsOf(method, signal, timeoutMs, header);
          const { calls, served } = terms.target;
          const request = calls.tools.passage.pass(method.input, served.input, input);
          new OneAnswerCall(method, terms, unaryAnswer<typeof method.input, typeof method.output>, resolve, reject).run(
            request,
          );
        } catch (error) {
          reject(ConnectError.from(error, Code.Internal));
        }
      });

    this.stream = (method, signal, timeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        try {
          const terms = termsOf(method, signal, timeoutMs, header);
          const requests = input[Symbol.asyncIterator]();
          if (method.methodKind === "client_streaming") {
            const makeResponse = streamOfOne<typeof method.input, typeof method.output>;
            new OneAnswerCall(method, terms, makeResponse, resolve, reject).runWith(requests);
          } else {
            let response: StreamAnswer<typeof method.input, typeof method.output>;
            const call = new ManyAnswersCall(method, terms, {
              onHead(head) {
                response.headerFields = head;
                resolve(response);
              },
              onRefused: reject,
              onEnd: (trailer) => response.setTrailer(trailer),
            });
            response = new StreamAnswer(method, call.answers as never);
            call.run(requests);
          }
        } catch (error) {
          reject(ConnectError.from(error, Code.Internal));
        }
      });
  }
}

/** The metadata of a call: its own, and under other names what all calls have. */
function join(always: readonly HeaderField[] | undefined, header: MetadataInit | undefined): readonly HeaderField[] {
  if (header === undefined) return always ?? noFields;
  const own = fieldsFromHeaders(header);
  if (always === undefined) return own;
  const names = new Set(own.map(([name]) => name));
  return [...always.filter(([name]) => !names.has(name)), ...own];
}

function unaryAnswer<I extends DescMessage, O extends DescMessage>(
  method: DescMethod,
  message: Message,
  header: readonly HeaderField[],
  trailer: readonly HeaderField[],
): UnaryResponse<I, O> {
  return new UnaryAnswer(method as DescMethodUnary<I, O>, message as MessageShape<O>, header, trailer);
}

function streamOfOne<I extends DescMessage, O extends DescMessage>(
  method: DescMethod,
  message: Message,
  header: readonly HeaderField[],
  trailer: readonly HeaderField[],
): StreamResponse<I, O> {
  const messages = createAsyncIterable([message as MessageShape<O>]);
  const response = new StreamAnswer(method as DescMethodStreaming<I, O>, messages);
  response.headerFields = header;
  response.setTrailer(trailer);
  return response;
}

/** Makes Headers only for those who look. */
class StreamAnswer<I extends DescMessage, O extends DescMessage> implements StreamResponse<I, O> {
  readonly stream = true;
  readonly method: DescMethodStreaming<I, O>;
  readonly message: AsyncIterable<MessageShape<O>>;
  headerFields = noFields;
  #trailerFields = noFields;
  #header: Headers | undefined;
  /** Made when somebody asks for it, which may be before the trailers are there. */
  #trailer: Headers | undefined;

  constructor(method: DescMethodStreaming<I, O>, message: AsyncIterable<MessageShape<O>>) {
    this.method = method;
    this.message = message;
  }

  get service() {
    return this.method.parent;
  }

  get header(): Headers {
    return (this.#header ??= headersFromFields(this.headerFields));
  }

  get trailer(): Headers {
    return (this.#trailer ??= headersFromFields(this.#trailerFields));
  }

  setTrailer(fields: readonly HeaderField[]): void {
    this.#trailerFields = fields;
    if (this.#trailer !== undefined) headersFromFields(fields, this.#trailer);
  }
}
