import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { BindCertificate, BindFacts } from "./facts.js";

/** One connection to the listener, whatever is said on it. */
export interface Connection {
  readonly certificate: BindFacts["certificate"];
  readonly remote: string;
  /** Links of plugins that are bound by it; see `hold`. */
  bound: number;
  /** Calls of the health service since it was last looked at; and what is open now, those calls and greetings. */
  asked: number;
  asking: number;
  /** When it is closed unless it is of use by then, on the clock of `performance.now`. */
  deadline: number;
  destroy(): void;
}

/** Finds the connection of a call. */
export const connectionKey: ContextKey<Connection | undefined> = createContextKey<Connection | undefined>(undefined, {
  description: "the connection to the listener",
});

/** The connections of one listener; those that nothing is bound by are limited in number and in time. */
export interface Connections {
  /** Counts a connection that has come. False where there are too many that are of no use yet. */
  admit(socket: Socket): boolean;
  /** Adds one that is fit for HTTP/2. */
  open(socket: Socket): Connection;
  /** A plugin is bound by it, from now on; returns the way to take that back. */
  hold(connection: Connection): () => void;
  /** Ends those that have been of no use for too long. */
  sweep(now: number): void;
  /** Refused because of their number. */
  readonly refused: number;
}

/** Makes the list. */
export function createConnections(maxHalfOpen: number, timeoutMs: number): Connections {
  let total = 0;
  let refused = 0;
  const open = new Set<Connection>();
  let bound = 0;
  return {
    get refused() {
      return refused;
    },
    admit(socket) {
      if (total - bound >= maxHalfOpen) {
        refused++;
        return false;
      }
      total++;
      socket.once("close", () => total--);
      return true;
    },
    open(socket) {
      const connection: Connection = {
        remote: socket.remoteAddress === undefined ? "unix" : `${socket.remoteAddress}:${socket.remotePort}`,
        certificate: certificateOf(socket),
        bound: 0,
        asked: 0,
        asking: 0,
        deadline: performance.now() + timeoutMs,
        destroy: () => socket.destroy(),
      };
      open.add(connection);
      socket.once("close", () => open.delete(connection));
      return connection;
    },
    hold(connection) {
      if (connection.bound++ === 0) bound++;
      return () => {
        if (--connection.bound > 0) return;
        bound--;
        connection.deadline = performance.now() + timeoutMs;
      };
    },
    sweep(now) {
      for (const connection of open) {
        if (connection.bound > 0 || connection.asking > 0 || connection.asked > 0) {
          connection.asked = 0;
          connection.deadline = now + timeoutMs;
        } else if (now >= connection.deadline) {
          connection.destroy();
        }
      }
    },
  };
}

function certificateOf(socket: Socket): BindCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { fingerprint256, subject, subjectaltname = "" } = socket.getPeerCertificate();
  if (fingerprint256 === undefined) return undefined;
  const dnsNames = subjectaltname.split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []));
  const commonName: unknown = subject?.CN;
  return Object.freeze({
    fingerprint256,
    commonName: typeof commonName === "string" ? commonName : undefined,
    dnsNames: Object.freeze(dnsNames),
  });
}
