import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { callCompression } from "@tenon/wire";
import type {
  BoolValue,
  EchoStatus,
  StreamingOutputCallRequest,
  TestService,
} from "../../gen/grpc/testing/interop_pb.js";
import { echoHeader, echoTrailer, payload } from "./payloads.js";

function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  const header = requestHeader.get(echoHeader);
  const trailer = requestHeader.get(echoTrailer);
  if (header !== null) responseHeader.set(echoHeader, header);
  if (trailer !== null) responseTrailer.set(echoTrailer, trailer);
}

function failIfAsked(status: EchoStatus | undefined): void {
  if (status === undefined || status.code === 0) return;
  throw new ConnectError(status.message, Code[Code[status.code] as keyof typeof Code]);
}

/** The message that the handler has just taken must have come as announced. */
function failUnlessCameSo(expectCompressed: BoolValue | undefined, { values }: HandlerContext): void {
  const came = values.get(callCompression)?.received === "gzip";
  if (expectCompressed === undefined || expectCompressed.value === came) return;
  throw new ConnectError(`the message came ${came ? "" : "un"}compressed`, Code.InvalidArgument);
}

/** From now on answers are compressed if that was asked for. */
function sendSo(compressed: BoolValue | undefined, { values }: HandlerContext): void {
  const compression = values.get(callCompression);
  if (compressed !== undefined && compression !== undefined) compression.send = compressed.value ? "gzip" : "identity";
}

async function* payloads({ responseParameters }: StreamingOutputCallRequest, context: HandlerContext) {
  for (const { size, intervalUs, compressed } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1000, undefined, { signal: context.signal });
    sendSo(compressed, context);
    yield { payload: payload(size) };
  }
}

/** The interop service as its specification describes it, without the method that no server has. */
export const testService: Partial<ServiceImpl<typeof TestService>> = {
  emptyCall: () => ({}),

  unaryCall(request, context) {
    echoMetadata(context);
    failIfAsked(request.responseStatus);
    failUnlessCameSo(request.expectCompressed, context);
    sendSo(request.responseCompressed, context);
    return { payload: payload(request.responseSize) };
  },

  async *streamingOutputCall(request, context) {
    yield* payloads(request, context);
  },

  async streamingInputCall(requests, context) {
    let aggregatedPayloadSize = 0;
    for await (const request of requests) {
      failUnlessCameSo(request.expectCompressed, context);
      aggregatedPayloadSize += request.payload?.body.length ?? 0;
    }
    return { aggregatedPayloadSize };
  },

  async *fullDuplexCall(requests, context) {
    echoMetadata(context);
    for await (const request of requests) {
      failIfAsked(request.responseStatus);
      yield* payloads(request, context);
    }
  },
};
