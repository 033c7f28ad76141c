import type { Duplex } from "node:stream";
import { connectionClose, connectionOpen, streamReset, streamStall } from "./channels.js";
import type { Counters, WireCounters } from "./counters.js";

type Role = "client" | "server";

/** The begin or the end of a connection. */
export interface ConnectionEvent {
  readonly role: Role;
  /** The byte stream under it: the same object at both ends of its life. */
  readonly stream: Duplex;
  /** How it ended; at the close only. */
  readonly reason?: { readonly kind: string; readonly message: string; readonly cause?: unknown };
  /** What it did; at the close only. */
  readonly counters?: WireCounters;
}

/** A stream that one side reset. */
export interface ResetEvent {
  readonly role: Role;
  readonly streamId: number;
  /** RFC 9113 §7. */
  readonly errorCode: number;
  readonly by: "us" | "peer";
}

/** A message that has to wait. */
export interface StallEvent {
  readonly role: Role;
  readonly streamId: number;
  /** What is short: the window of the stream, that of the connection, or the byte stream that does not drain. */
  readonly of: "stream" | "connection" | "output";
  readonly queuedBytes: number;
}

export function connectionOpened(role: Role, stream: Duplex): void {
  if (connectionOpen.hasSubscribers) connectionOpen.publish({ role, stream } satisfies ConnectionEvent);
}

export function connectionClosed(
  role: Role,
  stream: Duplex,
  reason: { readonly kind: string; readonly message: string; readonly cause?: unknown },
  counters: Counters,
): void {
  if (!connectionClose.hasSubscribers) return;
  connectionClose.publish({ role, stream, reason, counters: counters.snapshot() } satisfies ConnectionEvent);
}

export function streamWasReset(role: Role, streamId: number, errorCode: number, by: "us" | "peer"): void {
  if (streamReset.hasSubscribers) streamReset.publish({ role, streamId, errorCode, by } satisfies ResetEvent);
}

export function streamStalled(role: Role, streamId: number, of: StallEvent["of"], queuedBytes: number): void {
  if (streamStall.hasSubscribers) streamStall.publish({ role, streamId, of, queuedBytes } satisfies StallEvent);
}
