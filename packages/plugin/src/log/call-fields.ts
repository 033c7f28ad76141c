import type { HandlerContext } from "@connectrpc/connect";
import { callInfo } from "@tenon/wire/host-services";

/** The fields by which the records of one call are found: `call_id` and, where the caller sent a `traceparent`, `trace_id`. Never throws. */
export function callFields(context: HandlerContext): Readonly<Record<string, string>> {
  try {
    const { id, traceparent = "" } = callInfo(context);
    const traceId = /^[\da-f]{2}-([\da-f]{32})-/.exec(traceparent)?.[1];
    return traceId === undefined ? { call_id: id } : { call_id: id, trace_id: traceId };
  } catch {
    // What was given is no context of a call.
    return {};
  }
}
