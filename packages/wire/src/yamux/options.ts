import { TenonError } from "@tenon/core";
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

const maxMs = 2 ** 31 - 1;

const ranges: { readonly [K in keyof YamuxLimits]: readonly [usual: number, least: number, most: number] } = {
  streamWindowBytes: [initialWindowBytes, initialWindowBytes, maxUint32],
  maxStreams: [1024, 0, maxUint32],
  maxBacklog: [256, 0, maxUint32],
  maxPendingOpens: [256, 1, maxUint32],
  openTimeoutMs: [75_000, 0, maxMs],
  keepAliveIntervalMs: [0, 0, maxMs],
  pingTimeoutMs: [10_000, 1, maxMs],
};

/** @throws {@link TenonError} `option-invalid` for a role that there is not and for a number that is none or out of range */
export function readYamuxLimits(options: YamuxOptions): YamuxLimits {
  if (options.role !== "client" && options.role !== "server") {
    throw invalid("role", options.role, 'it must be "client" or "server"');
  }
  const names = Object.keys(ranges) as (keyof YamuxLimits)[];
  const limits = names.map((name) => {
    const [usual, least, most] = ranges[name];
    const value: unknown = options[name] ?? usual;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw invalid(name, value, `it must be a whole number from ${least} to ${most}`);
    }
    return [name, value];
  });
  return Object.fromEntries(limits) as YamuxLimits;
}

function invalid(option: string, value: unknown, rule: string): TenonError {
  return new TenonError("option-invalid", `The option ${option} is ${String(value)}; ${rule}.`, {
    facts: { option, value },
  });
}
