import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { encodeStatusMessage } from "../grpc/status-message.js";
import { type MetadataInit, prepareMetadata } from "../grpc/metadata.js";
import { callDepth, callId } from "./call-info.js";
import { callMetadata } from "./call-metadata.js";

/** Of a longer chain only so many handlers are told on, the innermost. */
const maxChainLinks = 8;
const link = " > ";

/** A call that is being handled, as the calls see it that are made within its handler. */
export interface OuterCall {
  /** Aborts those calls. */
  readonly signal: AbortSignal | undefined;
  /** Milliseconds that are left for it, and so for those calls. */
  timeoutMs(): number | undefined;
  /** Adds what those calls tell on to what their callers send. A caller's own id and trace context are kept. */
  headersFor(own: MetadataInit | undefined): MetadataInit;
}

/** How calls within a handler are made. */
export interface OuterCallOptions {
  /** Who handles the call: the plugin's or the host's name. */
  readonly name: string;
  /** Calls beyond this depth are refused with RESOURCE_EXHAUSTED. Default: the other side's limit alone. */
  readonly maxCallDepth?: number;
  /** What aborts the calls within. Default: the signal of the call itself. */
  readonly signal?: AbortSignal;
  /** Whether calls within may outlive the call: then neither its signal nor its deadline holds for them. Default false. */
  readonly background?: boolean;
}

/** What calls within the handler of a call take over from it. */
export function createOuterCall(context: HandlerContext, options: OuterCallOptions): OuterCall {
  const { name, maxCallDepth = Number.POSITIVE_INFINITY, background = false } = options;
  const depth = callDepth(context.requestHeader) + 1;
  const chain = callChain(context, name);
  const { requestHeader } = context;
  const id = callId(context);
  const fields: [string, string][] = [
    [callMetadata.depth, String(depth)],
    [callMetadata.chain, chain],
    [callMetadata.caller, encodeStatusMessage(name)],
  ];
  const trace: [string, string][] = [];
  const traceparent = requestHeader.get(callMetadata.traceparent);
  const tracestate = requestHeader.get(callMetadata.tracestate);
  if (traceparent !== null) trace.push([callMetadata.traceparent, traceparent]);
  if (traceparent !== null && tracestate !== null) trace.push([callMetadata.tracestate, tracestate]);
  const all = prepareMetadata([[callMetadata.id, id], ...fields, ...trace]);
  return {
    get signal() {
      return background ? undefined : (options.signal ?? context.signal);
    },
    timeoutMs: () => (background ? undefined : context.timeoutMs()),
    headersFor(own) {
      if (depth > maxCallDepth) throw tooDeep(depth, maxCallDepth, chain);
      if (own === undefined) return all;
      const headers = new Headers(own);
      if (!headers.has(callMetadata.id)) headers.set(callMetadata.id, id);
      for (const [key, value] of fields) headers.set(key, value);
      if (!headers.has(callMetadata.traceparent)) for (const [key, value] of trace) headers.set(key, value);
      return headers;
    },
  };
}

/** What all calls of a side say of who makes them. */
export function callerMetadata(name: string): Readonly<Record<string, string>> {
  return { [callMetadata.caller]: encodeStatusMessage(name) };
}

/** The handlers within which the handler of this call makes calls, itself last. */
export function callChain({ requestHeader, method }: HandlerContext, name: string): string {
  const own = `${encodeStatusMessage(name)} ${method.parent.typeName}/${method.name}`;
  const before = requestHeader.get(callMetadata.chain);
  const links = [...(before === null ? [] : before.split(link)), own];
  return links.length <= maxChainLinks ? links.join(link) : ["...", ...links.slice(-maxChainLinks)].join(link);
}

/** The error of a call that lies too deep. */
export function tooDeep(depth: number, maxCallDepth: number, chain: string): ConnectError {
  return new ConnectError(
    `the call has the depth ${depth}, and ${maxCallDepth} is the most (maxCallDepth): host and plugin call each other in turn, ${chain}`,
    Code.ResourceExhausted,
  );
}
