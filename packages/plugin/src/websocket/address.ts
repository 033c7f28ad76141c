/** A host that takes plugins in by WebSocket. */
export interface WebSocketAddress {
  readonly network: "ws";
  readonly url: string;
  readonly host: string;
  /** With a port, where it is not the scheme's own. */
  readonly authority: string;
  /** TLS: `wss:`. */
  readonly isSecure: boolean;
}

/** Reads `ws://host/path` or `wss://host/path`; undefined where it is neither. */
export function parseWebSocketAddress(text: string): WebSocketAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.host === "" || `${url.username}${url.password}${url.hash}` !== "") return undefined;
  return {
    network: "ws",
    url: url.href,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    authority: url.host,
    isSecure: url.protocol === "wss:",
  };
}
