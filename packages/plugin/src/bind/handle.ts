import type { Logger } from "../log/logger.js";
import type { BindCloseReason } from "./events.js";
import type { BindLogCounts } from "./log-spool.js";

/**
 * `connecting`: it dials in or waits for the answer to its Hello; `waiting`: until the next attempt; `bound`: the host calls it;
 * `draining`: it finishes what is in flight and then leaves; `closed`: it is over.
 */
export type BindState = "connecting" | "waiting" | "bound" | "draining" | "closed";

/** Which state may follow which. */
export const bindTransitions: Readonly<Record<BindState, readonly BindState[]>> = {
  connecting: ["bound", "waiting", "closed"],
  waiting: ["connecting", "closed"],
  bound: ["waiting", "draining", "closed"],
  draining: ["closed"],
  closed: [],
};

/** The link that is there now. */
export interface BoundLink {
  /** Id of the binding at the host, for messages. */
  readonly session: string;
  /** Name of the host. */
  readonly host: string;
  /** The version of the contract that the host calls. */
  readonly contractVersion: number;
  readonly epoch: bigint;
  /** Of the last heartbeat, in milliseconds; undefined before the first was answered. */
  readonly roundTripMs: number | undefined;
}

/** A plugin that is bound to a host, and will be again whenever its link is lost. */
export interface BoundPluginHandle extends AsyncDisposable {
  readonly name: string;
  /** Id of this copy of the plugin. */
  readonly instance: string;
  readonly state: BindState;
  /** Undefined while there is none. */
  readonly link: BoundLink | undefined;
  /** The logger whose records the host gets. */
  readonly logger: Logger;
  readonly logCounts: BindLogCounts;
  /** Resolves when it is over for good; never rejects. */
  readonly closed: Promise<BindCloseReason>;
  /**
   * Leaves: lets calls in flight finish for up to `drainTimeoutMs`, says goodbye with the reason, and ends. May be called again; what a
   * later call gives is not applied.
   */
  close(options?: { readonly reason?: string; readonly drainTimeoutMs?: number }): Promise<BindCloseReason>;
  /** Ends at once, without a word to the host. */
  destroy(): void;
}
