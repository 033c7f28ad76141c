import { once } from "node:events";
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import type { FaultKind } from "../streams/fault-injection.js";
import { type LinkConditions, ProxyLink } from "./proxy-link.js";

/** What {@link openFaultProxy} joins. */
export interface FaultProxyOptions extends LinkConditions {
  /** Where links lead: `host:port`, `[ipv6]:port` or `unix:/path`. Dialled for each link, so that it may go and come back. */
  readonly target: string;
  /** Where clients dial in, in the same form. Default "127.0.0.1:0": any free port of this machine. */
  readonly address?: string;
}

/** How links are cut. */
export interface CutOptions {
  /** Bytes to the target that still pass on each link: with a few, a message is cut in its middle. Default 0: now. */
  readonly afterBytes?: number;
}

/** What a proxy has seen so far. */
export interface FaultProxyCounts {
  /** Links that were joined. */
  readonly links: number;
  /** Links that `cut` was asked to cut. */
  readonly cut: number;
  /** Clients that were reset since the target could not be reached. */
  readonly unreachable: number;
  /** Bytes that clients have sent. */
  readonly toTarget: number;
  /** Bytes that the target has sent. */
  readonly fromTarget: number;
}

/** A proxy of byte streams between clients and their server, that does what networks do. */
export interface FaultProxy extends AsyncDisposable {
  /** Where clients dial in, with the real port. */
  readonly address: string;
  /** Links that are there and were not cut. */
  readonly openLinks: number;
  readonly counts: FaultProxyCounts;
  /** Sets the conditions of links that are made from now on. What is not given is as on a good network. */
  shape(conditions: LinkConditions): void;
  /**
   * Cuts every link that is open; returns how many. "reset" breaks both ends, with RST over TCP; "half-open" passes nothing on any more
   * and keeps both ends open; "end" ends them properly, at whatever byte.
   */
  cut(kind?: Exclude<FaultKind, "stall">, options?: CutOptions): number;
  /** Ends all links at once, half-open ones too, and takes no more. */
  close(): Promise<void>;
}

/**
 * Opens a proxy that stands between clients and `target`. Rejects with the system's error where it cannot listen.
 * It keeps the process alive until `close`.
 */
export async function openFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, address = "127.0.0.1:0" } = options;
  const to = parseAddress(target);
  const links = new Set<ProxyLink>();
  const over = { toTarget: 0, fromTarget: 0 };
  let conditions: LinkConditions = options;
  let [joined, cut, unreachable] = [0, 0, 0];

  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near: Socket) => {
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true } as NetConnectOpts);
    const link = new ProxyLink(near, far, conditions);
    links.add(link);
    void link.ended.then(() => {
      links.delete(link);
      if (!link.isJoined) unreachable++;
      over.toTarget += near.bytesRead;
      over.fromTarget += far.bytesRead;
    });
    far.once("connect", () => joined++);
  });
  server.listen(parseAddress(address));
  await once(server, "listening");

  const close = async (): Promise<void> => {
    for (const link of links) link.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  const sum = (of: (link: ProxyLink) => number): number => [...links].reduce((total, link) => total + of(link), 0);
  return {
    address: nameOf(server.address(), address),
    get openLinks() {
      return sum((link) => (link.isJoined && !link.isCut ? 1 : 0));
    },
    get counts() {
      return {
        links: joined,
        cut,
        unreachable,
        toTarget: over.toTarget + sum(({ near }) => near.bytesRead),
        fromTarget: over.fromTarget + sum(({ far }) => far.bytesRead),
      };
    },
    shape: (given) => void (conditions = given),
    cut(kind = "reset", { afterBytes = 0 } = {}) {
      const open = [...links].filter((link) => link.isJoined && !link.isCut);
      for (const link of open) link.cut(kind, afterBytes);
      cut += open.length;
      return open.length;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function parseAddress(address: string): { path: string } | { host: string; port: number } {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === "") throw new Error(`"${address}" is neither host:port nor unix:/path`);
  return { host, port: Number(port) };
}

function nameOf(bound: ReturnType<ReturnType<typeof createServer>["address"]>, asked: string): string {
  if (typeof bound !== "object" || bound === null) return asked;
  return asked.replace(/:\d+$/, `:${bound.port}`);
}
