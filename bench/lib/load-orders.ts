import type { Order } from "./measure.js";

/** Read one stream of values. */
export interface StreamOrder {
  readonly task: "stream";
  readonly valueBytes: number;
  readonly count: number;
}

/** Time until the end of a stream that came whole. */
export interface StreamAnswer {
  readonly messages: number;
  /** Bytes of the values alone. */
  readonly bytes: number;
  readonly seconds: number;
}

/** Make unary calls that bring back what they bring. Answered by a `Measurement`. */
export interface CallsOrder extends Order {
  readonly task: "calls";
  readonly valueBytes: number;
  /** Custom request headers of each call; one of them differs from call to call. Default 0. */
  readonly headers?: number;
  /** Streams of 1 GiB in messages of 64 KiB are read meanwhile, one after the other, on the same connection. */
  readonly besideBulk?: boolean;
}

/** Open streams on the client's connection, and keep them open until the process ends. Answered by an empty object. */
interface HoldOrder {
  readonly task: "hold";
  readonly streams: number;
}

/** Open connections, make one call on each, and keep them until the process ends. Answered by an empty object. */
interface ConnectOrder {
  readonly task: "connect";
  readonly connections: number;
}

/** Collect garbage in both processes and tell what is left. Answered by a `MemoryAnswer`. */
interface MemoryOrder {
  readonly task: "memory";
}

/** What one process holds, in bytes. */
export interface Memory {
  /** What the language's runtime counts as in use; no memory of the system's. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What both processes of a pair hold. */
export interface MemoryAnswer {
  readonly client: Memory;
  readonly server: Memory;
}

/** What a client of the groups `streams` and `wire` is told; those of slow rivals know `stream` only. */
export type LoadOrder = StreamOrder | CallsOrder | HoldOrder | ConnectOrder | MemoryOrder;

/** What such a client says when it is ready. */
export interface LoadReady {
  readonly pid: number;
  readonly serverPid: number;
}

/** Bytes of a message of the stream of 1 GiB, and how many there are. */
export const bulk = { valueBytes: 64 * 1024, count: 16 * 1024 };
