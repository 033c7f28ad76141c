import type { ContextKey, HandlerContext } from "@connectrpc/connect";
import { decodeStatusMessage } from "../grpc/status-message.js";
import { callMetadata } from "./call-metadata.js";

/** Who makes a call, as far as this side knows it for certain. */
export interface Caller {
  /** Name of the plugin or of the host. */
  readonly name: string;
  /** Id of the plugin's instance; undefined for a host. */
  readonly instance: string | undefined;
}

/** Where this side itself knows who calls, it does not ask the metadata. The same in every copy of this package. */
export const callerKey: ContextKey<Caller | undefined> = { id: Symbol.for("tenon.caller"), defaultValue: undefined };

const idKey: ContextKey<string> = { id: Symbol.for("tenon.call-id"), defaultValue: "" };

/** What a handler can know of its call beside its message. */
export interface CallInfo {
  /**
   * The same for a call and for all calls that are made because of it, in every process. The caller's `tenon-call-id` where it sent one;
   * else it is made when it is first asked for, so that calls in which nobody asks cost nothing.
   */
  readonly id: string;
  /** In a plugin the name of its host, in a service of the host that of the plugin. Undefined where a host says nothing, as go-plugin's. */
  readonly caller: string | undefined;
  /** In a service of the host the id of the instance that calls; undefined in a plugin. */
  readonly instance: string | undefined;
  /** How many calls are open one within the other: 1 for a call that its caller made by itself. */
  readonly depth: number;
  /** W3C Trace Context of the caller, as it came. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Milliseconds that are left for the call at this moment; undefined without a deadline. */
  readonly deadlineMs: number | undefined;
}

/** Says what is known of the call that a handler handles. */
export function callInfo(context: HandlerContext): CallInfo {
  const { requestHeader, values } = context;
  const known = values.get(callerKey);
  const said = requestHeader.get(callMetadata.caller);
  return {
    id: callId(context),
    caller: known?.name ?? (said === null ? undefined : decodeStatusMessage(said)),
    instance: known?.instance,
    depth: callDepth(requestHeader),
    traceparent: requestHeader.get(callMetadata.traceparent) ?? undefined,
    tracestate: requestHeader.get(callMetadata.tracestate) ?? undefined,
    deadlineMs: context.timeoutMs(),
  };
}

/** The id of a call; it stays the same however often it is asked for. */
export function callId({ requestHeader, values }: HandlerContext): string {
  const sent = requestHeader.get(callMetadata.id);
  if (sent !== null && sent !== "") return sent;
  let id = values.get(idKey);
  if (id === "") values.set(idKey, (id = crypto.randomUUID()));
  return id;
}

/** What the header says of the depth; 1 where it says nothing that can be one. */
export function callDepth(header: Headers): number {
  const said = header.get(callMetadata.depth);
  return said !== null && /^[1-9]\d{0,8}$/.test(said) ? Number(said) : 1;
}
