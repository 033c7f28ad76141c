export { createClient } from "../client/create-client.js";
export { callerKey, callDepth, callInfo } from "./call-info.js";
export type { Caller, CallInfo } from "./call-info.js";
export { callMetadata } from "./call-metadata.js";
export { lazyTransport } from "./lazy-transport.js";
export { nestedTransport } from "./nested-transport.js";
export { callChain, callerMetadata, createOuterCall, tooDeep } from "./outer-call.js";
export type { OuterCall, OuterCallOptions } from "./outer-call.js";
