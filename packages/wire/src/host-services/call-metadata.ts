/** Names of the metadata in which calls say where they come from; see docs/protocol/host-services.md. */
export const callMetadata = {
  /** Who calls. */
  caller: "tenon-caller",
  /** The same for a call and for all that are made because of it. */
  id: "tenon-call-id",
  /** How many calls are open one within the other, this one included. */
  depth: "tenon-call-depth",
  /** The handlers within which the call is made, the outermost first. */
  chain: "tenon-call-chain",
  /** W3C Trace Context. */
  traceparent: "traceparent",
  tracestate: "tracestate",
  /** In the error of a call that is not granted: what would have to be. */
  grant: "tenon-grant",
} as const;
