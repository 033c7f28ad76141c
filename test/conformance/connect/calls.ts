import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, ConnectError } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  type ClientCompatRequest,
  type ClientResponseResult,
  ClientResponseResultSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  ConformancePayloadSchema,
  type ConformanceService,
  ErrorSchema,
  type Error as ToldError,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  StreamType,
  UnaryRequestSchema,
  UnimplementedRequestSchema,
} from "../../gen/connectrpc/conformance/v1/conformance_pb.js";
import { appendMetadata, formatMetadata } from "./metadata.js";

/** Makes the call that the runner asks for, and tells how it went. Rejects only when there is no such call to make. */
export async function makeCall(
  client: Client<typeof ConformanceService>,
  request: ClientCompatRequest,
): Promise<ClientResponseResult> {
  const call = new Call(request);
  try {
    await call.run(client);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    call.result.error = toldError(error);
    call.result.responseTrailers = formatMetadata(error.metadata);
    call.result.numUnsentRequests = call.unsent;
  }
  return call.result;
}

function toldError({ code, rawMessage, details }: ConnectError): ToldError {
  return create(ErrorSchema, {
    code,
    message: rawMessage,
    details: details.flatMap((detail) =>
      "desc" in detail ? [] : [{ typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }],
    ),
  });
}

/** One call, its answers until now, and when it is to be cancelled. */
class Call {
  readonly result = create(ClientResponseResultSchema);
  /** Requests that the transport has not asked for. */
  unsent = 0;
  readonly #request: ClientCompatRequest;
  readonly #abort = new AbortController();
  readonly #options: CallOptions;
  /** No answer comes any more. */
  #ended = false;
  /** Lets the requests go on that wait for an answer. */
  #wake: () => void = () => {};

  constructor(request: ClientCompatRequest) {
    this.#request = request;
    const headers = new Headers();
    appendMetadata(headers, request.requestHeaders);
    this.#options = {
      headers,
      signal: this.#abort.signal,
      onHeader: (header) => (this.result.responseHeaders = formatMetadata(header)),
      onTrailer: (trailer) => (this.result.responseTrailers = formatMetadata(trailer)),
      ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    };
  }

  async run(client: Client<typeof ConformanceService>): Promise<void> {
    const options = this.#options;
    switch (this.#request.method) {
      case "Unary":
        return this.#one(client.unary(this.#only(UnaryRequestSchema), options));
      case "IdempotentUnary":
        return this.#one(client.idempotentUnary(this.#only(IdempotentUnaryRequestSchema), options));
      case "Unimplemented": {
        await client.unimplemented(this.#only(UnimplementedRequestSchema), options);
        return;
      }
      case "ServerStream": {
        const answers = client.serverStream(this.#only(ServerStreamRequestSchema), options);
        this.#cancelLater();
        return this.#many(answers);
      }
      case "ClientStream":
        return this.#one(client.clientStream(this.#requests(ClientStreamRequestSchema), options), false);
      case "BidiStream":
        return this.#many(client.bidiStream(this.#requests(BidiStreamRequestSchema), options));
      default:
        throw new Error(`unknown method ${this.#request.method}`);
    }
  }

  async #one(answer: Promise<{ payload?: ConformancePayload | undefined }>, isSent = true): Promise<void> {
    if (isSent) this.#cancelLater();
    const { payload } = await answer;
    this.#add(payload);
  }

  async #many(answers: AsyncIterable<{ payload?: ConformancePayload | undefined }>): Promise<void> {
    try {
      for await (const { payload } of answers) this.#add(payload);
    } finally {
      this.#ended = true;
      this.#wake();
    }
  }

  #add(payload: ConformancePayload | undefined): void {
    this.result.payloads.push(payload ?? create(ConformancePayloadSchema));
    this.#wake();
    const timing = this.#request.cancel?.cancelTiming;
    if (timing?.case === "afterNumResponses" && this.result.payloads.length === timing.value) this.#abort.abort();
  }

  #only<T extends DescMessage>(schema: T): MessageShape<T> {
    return this.#unpack(schema)[0]!;
  }

  #unpack<T extends DescMessage>(schema: T): MessageShape<T>[] {
    return this.#request.requestMessages.map((any) => {
      const message = anyUnpack(any, schema);
      if (message === undefined) throw new Error(`${any.typeUrl} is no ${schema.typeName}`);
      return message;
    });
  }

  /** The requests of a stream, and what is to happen at their end. In full duplex each waits for the answer to the last. */
  async *#requests<T extends DescMessage>(schema: T): AsyncGenerator<MessageInitShape<T>> {
    const fullDuplex = this.#request.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM;
    const messages = this.#unpack(schema);
    this.unsent = messages.length;
    for (const message of messages) {
      await sleep(this.#request.requestDelayMs);
      this.unsent--;
      yield message;
      if (fullDuplex) await this.#answered(messages.length - this.unsent);
    }
    if (this.#request.cancel?.cancelTiming.case === "beforeCloseSend") this.#abort.abort();
    this.#cancelLater();
  }

  /** Resolves when so many answers have come, or no more will. */
  async #answered(count: number): Promise<void> {
    while (!this.#ended && this.result.payloads.length < count) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The request has been sent: starts the time after which the call is to be cancelled. */
  #cancelLater(): void {
    const timing = this.#request.cancel?.cancelTiming;
    if (timing?.case === "afterCloseSendMs") setTimeout(() => this.#abort.abort(), timing.value);
  }
}
