export { openListener } from "./listener.js";
export type { Listener, ListenOptions, TlsServerOptions } from "./listener.js";
export { findGroupId } from "./group-id.js";
