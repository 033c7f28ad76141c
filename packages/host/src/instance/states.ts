import type { StopOutcome } from "../stop/outcome.js";

/**
 * Where an instance is in its life. An instance goes from left to right and never back:
 *
 * - `starting`: looked up and spawned; the process may not exist yet
 * - `handshaking`: the process runs, its first line is awaited
 * - `connecting`: the line was good, the connection is being made
 * - `ready`: calls are possible
 * - `stopping`: the end was asked for or noticed; no call is possible any more
 * - `stopped`: the process is gone (or cannot be killed), what it left behind is removed
 */
export type InstanceState =
  | { readonly name: "starting" }
  | { readonly name: "handshaking" }
  | { readonly name: "connecting" }
  | { readonly name: "ready" }
  | { readonly name: "stopping" }
  | { readonly name: "stopped"; readonly outcome: StopOutcome };

/** Name of an {@link InstanceState}. */
export type InstanceStateName = InstanceState["name"];

/** Which states may follow which. */
export const instanceTransitions: Readonly<Record<InstanceStateName, readonly InstanceStateName[]>> = {
  starting: ["handshaking", "stopping", "stopped"],
  handshaking: ["connecting", "stopping"],
  connecting: ["ready", "stopping"],
  ready: ["stopping"],
  stopping: ["stopped"],
  stopped: [],
};

/** Holds the state of one instance and lets it move along the table only. */
export interface StateHolder {
  readonly current: InstanceState;
  /** Moves on. Returns false, and changes nothing, where the table does not allow it. */
  move(next: InstanceState): boolean;
}

/** Creates a holder in the state `starting`. */
export function createStateHolder(
  onMove: (next: InstanceState, previous: InstanceState) => void = () => {},
): StateHolder {
  let current: InstanceState = { name: "starting" };
  return {
    get current() {
      return current;
    },
    move(next) {
      if (!instanceTransitions[current.name].includes(next.name)) return false;
      const previous = current;
      current = next;
      onMove(next, previous);
      return true;
    },
  };
}
