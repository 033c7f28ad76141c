import type { LogLevel } from "../logs/record.js";
import type { BindLogCounts } from "./log-intake.js";

/**
 * Where a plugin that has dialled in is:
 *
 * - `mounting`: welcomed, its session is being made
 * - `ready`: it can be called
 * - `suspect`: it can be called, and has been silent for `suspectAfterMs`
 * - `draining`: it finishes what it has, and then leaves
 * - `lost`: its link is gone; it is waited for
 */
export type BoundState = "mounting" | "ready" | "suspect" | "draining" | "lost";

/** A plugin that has dialled in, as it is at this moment. */
export interface BoundPlugin {
  /** `plugin/instance`: what `drain`, `kick`, `session` and `setLogLevel` take, and the id of its session. */
  readonly id: string;
  readonly plugin: string;
  /** Its own, for people. */
  readonly version: string;
  readonly instance: string;
  /** Of its last connection. */
  readonly epoch: number;
  readonly contract: string;
  /** The version of the contract that is called. */
  readonly contractVersion: number;
  /** Full names of the methods that the contract has in that version, as in `proto.KV/Get`. */
  readonly methods: readonly string[];
  readonly state: BoundState;
  /** The last round trip of a heartbeat in milliseconds; undefined before the first. */
  readonly rttMs: number | undefined;
  /** Calls of this host that it has not answered. */
  readonly inFlight: number;
  /** When it came, first of all; a reconnect does not change it. */
  readonly since: Date;
  /** Address of its end, or "unix". */
  readonly remote: string;
  /** Records below this level are not asked for. */
  readonly logLevel: LogLevel | "off";
  readonly logs: BindLogCounts;
}
