// What a plugin that dials in takes from Node's modules, for a page. All else that it imports, for sockets, files and processes, it does not use there.
import { Buffer } from "buffer";

export { Buffer };

export const randomUUID = () => crypto.randomUUID();

/** Pages hash asynchronously. An empty hash tells the host that this plugin cannot describe itself: the shapes are not compared then. */
export function createHash() {
  const hash = { update: () => hash, digest: () => new Uint8Array() };
  return hash;
}

export function isIP(text: string): number {
  if (text.includes(":")) return 6;
  return /^\d+\.\d+\.\d+\.\d+$/.test(text) ? 4 : 0;
}

/** Of which nothing in a page is an instance. */
export class Socket {
  readonly isOfNode = true;
}

/** Nobody listens to the diagnostics of a page. */
export const channel = () => ({ hasSubscribers: false, publish() {} });

export const setMaxListeners = () => {};
