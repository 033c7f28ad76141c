import { create, type DescMethod } from "@bufbuild/protobuf";
import { createContextValues, type Interceptor, type Transport } from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";

/** The same transport behind Connect-ES interceptors, which see the request as Connect-ES documents it. */
export function interceptTransport(
  next: Transport,
  interceptors: readonly Interceptor[],
  authority: string,
): Transport {
  const chain = [...interceptors];
  const url = (method: DescMethod) => `http://${authority}/${method.parent.typeName}/${method.name}`;
  return {
    unary(method, signal, timeoutMs, header, message, contextValues) {
      return runUnaryCall({
        interceptors: chain,
        ...(signal === undefined ? {} : { signal }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        req: {
          stream: false,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: url(method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message: create(method.input, message),
        },
        next: (req) =>
          next.unary(method, req.signal, timeoutMs, req.header, create(method.input, req.message), req.contextValues),
      });
    },
    stream(method, signal, timeoutMs, header, message, contextValues) {
      return runStreamingCall({
        interceptors: chain,
        ...(signal === undefined ? {} : { signal }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        req: {
          stream: true,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: url(method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message,
        },
        next: (req) =>
          next.stream(method, req.signal, timeoutMs, req.header, req.message as typeof message, req.contextValues),
      });
    },
  };
}
