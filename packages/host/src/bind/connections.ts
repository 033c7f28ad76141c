import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { ClosedTally } from "./closed-tally.js";
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
  /** Hellos that are waited for, and how much had been read when the first of them was. */
  greeting: number;
  greetedFrom: number;
  readonly bytesRead: number;
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
  /** Adds a byte stream that is fit for HTTP/2, and the socket below it, which may be the same. */
  open(stream: Duplex, socket: Socket): Connection;
  /** A plugin is bound by it, from now on; returns the way to take that back. */
  hold(connection: Connection): () => void;
  /** A Hello is waited for on it; returns the way to say that it has come. */
  greet(connection: Connection): () => void;
  /** Ends those that have been of no use for too long, or say too much. */
  sweep(now: number): void;
  /** Ends those on which nothing is under way. */
  endIdle(): void;
  /** Ends all, also those that are not fit for HTTP/2 yet. */
  destroy(): void;
  /** Refused because of their number. */
  readonly refused: number;
}

/** A connection may bring so many bytes for each Hello that is waited for: what is said about 1024 services fits. */
const maxHelloBytes = 256 * 1024;

/** Makes the list; `tally` is told of those that are closed. */
export function createConnections(maxHalfOpen: number, timeoutMs: number, tally: ClosedTally): Connections {
  const admitted = new Set<Socket>();
  let refused = 0;
  const open = new Set<Connection>();
  let bound = 0;
  return {
    get refused() {
      return refused;
    },
    admit(socket) {
      if (admitted.size - bound >= maxHalfOpen) {
        refused++;
        tally.add(`no plugin is bound by ${maxHalfOpen} others yet (maxHalfOpen)`, remoteOf(socket));
        return false;
      }
      admitted.add(socket);
      socket.once("close", () => admitted.delete(socket));
      return true;
    },
    open(stream, socket) {
      const connection: Connection = {
        remote: remoteOf(socket),
        certificate: certificateOf(socket),
        bound: 0,
        asked: 0,
        asking: 0,
        greeting: 0,
        greetedFrom: 0,
        get bytesRead() {
          return socket.bytesRead;
        },
        deadline: performance.now() + timeoutMs,
        destroy: () => stream.destroy(),
      };
      open.add(connection);
      stream.once("close", () => open.delete(connection));
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
    greet(connection) {
      connection.asking++;
      if (connection.greeting++ === 0) connection.greetedFrom = connection.bytesRead;
      return () => {
        connection.asking--;
        connection.greeting--;
      };
    },
    sweep(now) {
      for (const connection of open) {
        if (isTooLong(connection)) {
          tally.add(`more than ${maxHelloBytes} bytes came for a Hello`, connection.remote);
          connection.destroy();
        } else if (connection.bound > 0 || connection.asking > 0 || connection.asked > 0) {
          connection.asked = 0;
          connection.deadline = now + timeoutMs;
        } else if (now >= connection.deadline) {
          connection.destroy();
        }
      }
    },
    endIdle() {
      for (const connection of open) {
        if (connection.bound === 0 && connection.asking === 0) connection.destroy();
      }
    },
    destroy() {
      for (const socket of admitted) socket.destroy();
    },
  };
}

function isTooLong({ bound, greeting, greetedFrom, bytesRead }: Connection): boolean {
  return bound === 0 && greeting > 0 && bytesRead - greetedFrom > maxHelloBytes * greeting;
}

/** The other end of a socket, for people. */
export function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? "unix" : `${remoteAddress}:${remotePort}`;
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
