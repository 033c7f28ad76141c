/**
 * How an instance ended:
 *
 * - `shutdown`: by itself after the Shutdown call
 * - `terminated`: after SIGTERM to its group
 * - `killed`: after SIGKILL to its group
 * - `exited`: by itself with exit code 0, unasked; after an attach, with any code, since only a parent sees it
 * - `crashed`: by itself with another code or by a signal that the host did not send, unasked
 * - `detached`: it did not end: the host let go of it, because `detach` was called, because it is run by hand (`test`), because
 *   the connection to one that outlives its host was lost, or because
 *   the host attached to it and could not make sure that a signal would reach the right process
 * - `unkillable`: it was still there after SIGKILL; the host has let go of it
 */
export type StopHow = "shutdown" | "terminated" | "killed" | "exited" | "crashed" | "detached" | "unkillable";

/** One rung of the stop ladder that was taken. */
export interface StopStep {
  readonly step: "shutdown" | "sigterm" | "sigkill" | "drain";
  /** How long the step took, in milliseconds. */
  readonly elapsedMs: number;
  /** What happened, where that is not plain: for instance why the Shutdown call did not help. */
  readonly note?: string;
}

/** How an instance ended, and what it left. */
export interface StopOutcome {
  readonly how: StopHow;
  /** Why it ended: `stop` was called, the process ended unasked, or the connection to it was lost for good. */
  readonly reason: "requested" | "exited" | "connection-lost";
  /** Null where a signal ended it, or its end was not seen. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Milliseconds from the request, or the notice, to the end. */
  readonly elapsedMs: number;
  readonly steps: readonly StopStep[];
  /** Last lines on standard error, raw, oldest first. */
  readonly stderrTail: readonly string[];
  /** False where something kept the plugin's pipes open beyond `drainTimeoutMs`: its last output may be missing. */
  readonly isDrained: boolean;
}
