import { isIP, type Socket } from "node:net";
import { isAbsolute } from "node:path";
import { splitTcpAddress, TenonError } from "@tenon/core";
import { openSocket } from "../dial/open-socket.js";
import { maxSocketPathBytes } from "../listen/socket-place.js";
import type { Announced } from "./announcements.js";

type Target = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Connects to an announced address.
 *
 * @throws {@link TenonError} `address-invalid` where it is no unix socket and no port, or one of another machine; the system's error;
 *   the signal's reason
 */
export async function connectTo(
  announced: Announced,
  { plugin, mayBeElsewhere, signal }: { plugin: string; mayBeElsewhere: boolean; signal: AbortSignal },
): Promise<Socket> {
  const target = readTarget(announced, plugin, mayBeElsewhere);
  return openSocket("path" in target ? target : { ...target, noDelay: true, keepAlive: true }, signal);
}

function readTarget({ network, address }: Announced, plugin: string, mayBeElsewhere: boolean): Target {
  const fail = (why: string): TenonError =>
    new TenonError(
      "address-invalid",
      `The other side announced the broker address ${JSON.stringify(address)} of the network ${JSON.stringify(network)}: ${why}.`,
      { plugin, facts: { network, address } },
    );
  if (network === "unix") {
    if (!isAbsolute(address) || address.includes("\0")) throw fail("that is no absolute path");
    // Node would cut it, silently, and connect elsewhere.
    if (Buffer.byteLength(address) > maxSocketPathBytes) throw fail(`the system allows ${maxSocketPathBytes} bytes`);
    return { path: address };
  }
  if (network !== "tcp") throw fail("only unix and tcp are known");
  const { host, port } = splitTcpAddress(address);
  if (!mayBeElsewhere && host !== "localhost" && !isLoopback(host)) throw fail("it is not on this machine");
  return { host, port };
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
