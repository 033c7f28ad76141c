import type { Agent } from "node:http";

/** What the request for a WebSocket carries, and how it gets out. */
export interface BindWebSocketSettings {
  /** Further HTTP headers, for a proxy that wants to know who comes. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the connection: for the way through an HTTP proxy, one of the package `https-proxy-agent`. */
  readonly agent?: Agent;
}
