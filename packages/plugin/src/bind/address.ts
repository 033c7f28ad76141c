import { isIP } from "node:net";
import { TenonError } from "@tenon/core";
import { type BindSocketAddress, parseBindSocketAddress } from "@tenon/core/bind";
import { parseWebSocketAddress, type WebSocketAddress } from "../websocket/address.js";

/** Where a host listens for plugins. */
export type BindAddress = BindSocketAddress | WebSocketAddress;

/**
 * Reads `host:port`, `[v6]:port`, `unix:/path`, `ws://host/path` or `wss://host/path`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function parseBindAddress(text: unknown): BindAddress {
  if (typeof text !== "string") throw invalid(text);
  const address = /^wss?:\/\//.test(text) ? parseWebSocketAddress(text) : parseBindSocketAddress(text);
  if (address === undefined || (address.network === "tcp" && address.port === 0)) throw invalid(text);
  return address;
}

/** Whether what is sent there stays on this machine. A name counts only where it is `localhost`. */
export function isLocal(address: BindAddress): boolean {
  if (address.network === "unix") return true;
  const { host } = address;
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** What the calls on it name as the host. */
export function authorityOf(address: BindAddress): string {
  if (address.network === "unix") return "localhost";
  if (address.network === "ws") return address.authority;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function invalid(text: unknown): TenonError {
  return new TenonError(
    "option-invalid",
    `The option to is ${JSON.stringify(text) ?? String(text)}; it must be "host:port", "[address]:port", "unix:/path", "ws://…" or "wss://…".`,
    { facts: { option: "to", value: text } },
  );
}
