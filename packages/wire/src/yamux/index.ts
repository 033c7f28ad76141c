export { createYamuxSession } from "./session.js";
export type { YamuxSession } from "./yamux-session.js";
export type { YamuxOptions } from "./options.js";
export type { YamuxStream } from "./stream.js";
export { YamuxError } from "./error.js";
export type { YamuxCloseReason, YamuxErrorCode, YamuxViolation } from "./error.js";
