import { BlockList, isIP } from "node:net";
import { type BindSocketAddress, parseBindSocketAddress } from "@tenon/core/bind";
import { invalidOption } from "../options/check.js";
import { parseWebSocketAddress, type WebSocketAddress } from "../websocket/address.js";

/** Where a host listens. */
export type ListenAddress = BindSocketAddress | WebSocketAddress | { readonly network: "none" };

/**
 * Reads `unix:/path`, `host:port`, `[ipv6]:port`, `ws://host:port/path`, `wss://…` or `none`; port 0 is any that is free.
 *
 * @throws TenonError `option-invalid`
 */
export function parseListenAddress(option: string, text: string): ListenAddress {
  if (/^wss?:\/\//.test(text)) return parseWebSocketAddress(option, text);
  if (text === "none") return { network: "none" };
  const address = parseBindSocketAddress(text);
  if (address !== undefined) return address;
  throw invalidOption(
    option,
    `it must be "host:port", "[ipv6]:port", "unix:/path", "ws://…" or "wss://…", not ${JSON.stringify(text)}`,
  );
}

/** Whether only this machine can reach an address. A name other than `localhost` counts as wider. */
export function isLocal(address: ListenAddress): boolean {
  if (address.network === "unix" || address.network === "none" || address.host === "localhost") return true;
  return isLoopback(address.host);
}

/** Whether an IP address is one of this machine alone. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return loopback.check(host, family === 6 ? "ipv6" : "ipv4");
}
