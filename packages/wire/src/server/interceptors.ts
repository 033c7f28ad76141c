import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext, Interceptor, MethodImplSpec } from "@connectrpc/connect";
import { invokeUnaryImplementation, transformInvokeImplementation } from "@connectrpc/connect/protocol";

type Messages = AsyncIterable<MessageShape<DescMessage>>;

/** The same method behind Connect-ES interceptors, which see requests and answers as Connect-ES documents it. */
export function intercepted(spec: MethodImplSpec, interceptors: Interceptor[]): MethodImplSpec {
  const run = (input: Messages, context: HandlerContext): Messages =>
    transformInvokeImplementation<DescMessage, DescMessage>(spec, plainContext(context), interceptors)(input);
  switch (spec.kind) {
    case "unary":
      return {
        kind: "unary",
        method: spec.method,
        impl: (request, context) => invokeUnaryImplementation(spec, plainContext(context), request, interceptors),
      };
    case "server_streaming":
      return {
        kind: "server_streaming",
        method: spec.method,
        impl: (request, context) => run(only(request), context),
      };
    case "client_streaming":
      return {
        kind: "client_streaming",
        method: spec.method,
        impl: async (requests, context) => {
          for await (const answer of run(requests, context)) return answer;
          throw new Error("the interceptors gave no answer");
        },
      };
    default:
      return { kind: "bidi_streaming", method: spec.method, impl: run };
  }
}

async function* only(request: MessageShape<DescMessage>): Messages {
  yield await Promise.resolve(request);
}

/** Connect-ES copies the context for what interceptors replace, and a copy has only own properties. */
function plainContext(context: HandlerContext): HandlerContext {
  return {
    service: context.service,
    method: context.method,
    requestMethod: context.requestMethod,
    protocolName: context.protocolName,
    url: context.url,
    signal: context.signal,
    timeoutMs: context.timeoutMs,
    requestHeader: context.requestHeader,
    responseHeader: context.responseHeader,
    responseTrailer: context.responseTrailer,
    values: context.values,
  };
}
