import { BlockList, isIP } from "node:net";
import { invalidOption } from "../options/check.js";

/** Where a host listens. */
export type ListenAddress =
  | { readonly network: "unix"; readonly path: string }
  | { readonly network: "tcp"; readonly host: string; readonly port: number };

/**
 * Reads `unix:/path`, `host:port` or `[ipv6]:port`; port 0 is any that is free.
 *
 * @throws TenonError `option-invalid`
 */
export function parseListenAddress(option: string, text: string): ListenAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path !== "") return { network: "unix", path };
  }
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw invalidOption(option, `it must be "host:port", "[ipv6]:port" or "unix:/path", not ${JSON.stringify(text)}`);
  }
  return { network: "tcp", host: match[1] ?? match[2]!, port };
}

/** Whether only this machine can reach an address. A name other than `localhost` counts as wider. */
export function isLocal(address: ListenAddress): boolean {
  if (address.network === "unix" || address.host === "localhost") return true;
  const family = isIP(address.host);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return loopback.check(address.host, family === 6 ? "ipv6" : "ipv4");
}
