import { invalidOption } from "../options/check.js";

/** Where a host takes plugins in by WebSocket. */
export interface WebSocketAddress {
  readonly network: "ws";
  readonly host: string;
  readonly port: number;
  /** Path of the URL; others are answered with 404. */
  readonly path: string;
  /** TLS: `wss:`. */
  readonly isSecure: boolean;
}

/**
 * Reads `ws://host:port/path` or `wss://…`; port 0 is any that is free.
 *
 * @throws TenonError `option-invalid`
 */
export function parseWebSocketAddress(option: string, text: string): WebSocketAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.host === "" || `${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw invalidOption(
      option,
      `it must be "ws://host:port/path" or "wss://host:port/path", not ${JSON.stringify(text)}`,
    );
  }
  const isSecure = url.protocol === "wss:";
  return {
    network: "ws",
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    path: url.pathname,
    isSecure,
  };
}

/** The opposite, with the port that it has become. */
export function formatWebSocketAddress({ isSecure, path }: WebSocketAddress, hostAndPort: string): string {
  return `${isSecure ? "wss" : "ws"}://${hostAndPort}${path}`;
}
