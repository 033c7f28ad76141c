import {
  checkChoice,
  checkIsObject,
  checkNumbers,
  checkTypes,
  invalidOption,
  maxTimerMs,
  type NumberRange,
} from "../options/check.js";
import { initialWindowBytes, maxUint32 } from "./constants.js";
import type { YamuxStream } from "./stream.js";

/** Options of a session. Each number has a default. */
export interface YamuxOptions {
  /** The side that made the connection is the client. It decides nothing but the numbers of streams: one side of each. */
  readonly role: "client" | "server";
  /**
   * Takes each stream that the peer opens, at once. Without it they wait in the backlog for whoever iterates over the
   * session. A stream that nobody wants is to be destroyed. What it throws destroys the stream.
   */
  readonly onStream?: (stream: YamuxStream) => void;
  /** Window of each stream in bytes: how much the peer may send before the reader takes it. Default 262144, which is the least. */
  readonly streamWindowBytes?: number;
  /** Streams that the peer may have open at once; more are reset. Default 1024; Go has no limit. */
  readonly maxStreams?: number;
  /** Streams of the peer that may wait to be taken; more are reset. Default 256, as Go. */
  readonly maxBacklog?: number;
  /** Streams of ours that the peer has not taken yet; `open()` waits for one of them. Default 256, the backlog of Go. */
  readonly maxPendingOpens?: number;
  /** How long the peer may take to take a stream, in milliseconds; then it fails with `open-timeout`. 0: no limit. Default 75000; Go then ends the session. */
  readonly openTimeoutMs?: number;
  /** Time between pings that make sure of the peer, in milliseconds; 0: none. Default 0; Go has 30000. */
  readonly keepAliveIntervalMs?: number;
  /** How long the answer to a ping may take, in milliseconds. Default 10000, as Go. */
  readonly pingTimeoutMs?: number;
}

/** The numbers of {@link YamuxOptions}, complete. */
export type YamuxLimits = Required<Omit<YamuxOptions, "role" | "onStream">>;

const usual: YamuxLimits = {
  streamWindowBytes: initialWindowBytes,
  maxStreams: 1024,
  maxBacklog: 256,
  maxPendingOpens: 256,
  openTimeoutMs: 75_000,
  keepAliveIntervalMs: 0,
  pingTimeoutMs: 10_000,
};

export const yamuxRanges: Readonly<Record<keyof YamuxLimits, NumberRange>> = {
  streamWindowBytes: [initialWindowBytes, maxUint32],
  maxStreams: [0, maxUint32],
  maxBacklog: [0, maxUint32],
  maxPendingOpens: [1, maxUint32],
  openTimeoutMs: [0, maxTimerMs],
  keepAliveIntervalMs: [0, maxTimerMs],
  pingTimeoutMs: [1, maxTimerMs],
};

/** @throws {@link TenonError} `option-invalid` for a role that there is not and for a number that is none or out of range */
export function readYamuxLimits(options: YamuxOptions): YamuxLimits {
  checkIsObject("options", options);
  if (options.role === undefined) throw invalidOption("role", undefined, '"client" or "server"');
  checkChoice(options, "role", ["client", "server"]);
  checkTypes(options, "function", ["onStream"]);
  checkNumbers(options, yamuxRanges);
  const names = Object.keys(usual) as (keyof YamuxLimits)[];
  return Object.fromEntries(names.map((name) => [name, options[name] ?? usual[name]])) as YamuxLimits;
}
