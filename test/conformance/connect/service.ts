import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  type ConformancePayload_RequestInfo as RequestInfo,
  ConformancePayload_RequestInfoSchema as RequestInfoSchema,
  ConformancePayloadSchema,
  type ConformanceService,
  type Error as WantedError,
  type Header,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  type UnaryResponseDefinition,
  UnaryRequestSchema,
} from "../../gen/connectrpc/conformance/v1/conformance_pb.js";
import { appendMetadata, formatMetadata } from "./metadata.js";

interface WantedMetadata {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
}

/** What the server saw of a call until now. */
function seen(context: HandlerContext, requests: Any[]): RequestInfo {
  const timeoutMs = context.timeoutMs();
  return create(RequestInfoSchema, {
    requestHeaders: formatMetadata(context.requestHeader),
    requests,
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.floor(timeoutMs)) }),
  });
}

function setMetadata(context: HandlerContext, wanted: WantedMetadata | undefined): void {
  appendMetadata(context.responseHeader, wanted?.responseHeaders ?? []);
  appendMetadata(context.responseTrailer, wanted?.responseTrailers ?? []);
}

/** The error that a call is to end with. One that ends a call without any answer tells what the server saw. */
function wantedError(wanted: WantedError, info?: RequestInfo): ConnectError {
  const error = new ConnectError(wanted.message ?? "", Code[Code[wanted.code] as keyof typeof Code]);
  error.details = wanted.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) {
    error.details.push({ type: RequestInfoSchema.typeName, value: toBinary(RequestInfoSchema, info) });
  }
  return error;
}

async function answerOne(
  context: HandlerContext,
  wanted: UnaryResponseDefinition | undefined,
  requests: Any[],
): Promise<{ payload: ConformancePayload }> {
  setMetadata(context, wanted);
  if (wanted !== undefined) await sleep(wanted.responseDelayMs, undefined, { signal: context.signal });
  const requestInfo = seen(context, requests);
  if (wanted?.response.case === "error") throw wantedError(wanted.response.value, requestInfo);
  const data = wanted?.response.value ?? new Uint8Array(0);
  return { payload: create(ConformancePayloadSchema, { data, requestInfo }) };
}

function pack<T extends DescMessage>(schema: T, message: MessageShape<T>): Any {
  return anyPack(schema, message);
}

/** Answers with the payloads that a call asked for and with its error; what came since the last one goes along. */
class WantedAnswers {
  readonly #context: HandlerContext;
  readonly #wanted: StreamResponseDefinition;
  #sent = 0;

  constructor(context: HandlerContext, wanted: StreamResponseDefinition) {
    this.#context = context;
    this.#wanted = wanted;
    setMetadata(context, wanted);
  }

  get left(): boolean {
    return this.#sent < this.#wanted.responseData.length;
  }

  async next(requests: Any[]): Promise<{ payload: ConformancePayload }> {
    await sleep(this.#wanted.responseDelayMs, undefined, { signal: this.#context.signal });
    const data = this.#wanted.responseData[this.#sent++]!;
    const first = this.#sent === 1;
    const requestInfo = first ? seen(this.#context, requests) : create(RequestInfoSchema, { requests });
    const isInfo = first || requests.length > 0;
    return { payload: create(ConformancePayloadSchema, { data, ...(isInfo ? { requestInfo } : {}) }) };
  }

  end(requests: Any[]): void {
    const { error } = this.#wanted;
    if (error !== undefined) throw wantedError(error, this.#sent === 0 ? seen(this.#context, requests) : undefined);
  }
}

/** The service by which connectconformance tests servers. */
export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: (request, context) => answerOne(context, request.responseDefinition, [pack(UnaryRequestSchema, request)]),

  idempotentUnary: (request, context) =>
    answerOne(context, request.responseDefinition, [pack(IdempotentUnaryRequestSchema, request)]),

  async clientStream(requests, context) {
    let wanted: UnaryResponseDefinition | undefined;
    const came: Any[] = [];
    for await (const request of requests) {
      if (came.length === 0) wanted = request.responseDefinition;
      came.push(pack(ClientStreamRequestSchema, request));
    }
    return answerOne(context, wanted, came);
  },

  async *serverStream(request, context) {
    if (request.responseDefinition === undefined) return;
    const came = [pack(ServerStreamRequestSchema, request)];
    const answers = new WantedAnswers(context, request.responseDefinition);
    while (answers.left) yield answers.next(came.splice(0));
    answers.end(came);
  },

  async *bidiStream(requests, context) {
    let answers: WantedAnswers | undefined;
    let fullDuplex = false;
    let first = true;
    const came: Any[] = [];
    for await (const request of requests) {
      if (first) {
        fullDuplex = request.fullDuplex;
        if (request.responseDefinition !== undefined) answers = new WantedAnswers(context, request.responseDefinition);
      }
      first = false;
      came.push(pack(BidiStreamRequestSchema, request));
      if (!fullDuplex) continue;
      if (answers?.left !== true) break;
      yield answers.next(came.splice(0));
    }
    if (answers === undefined) return;
    while (answers.left) yield answers.next(came.splice(0));
    answers.end(came);
  },
};
