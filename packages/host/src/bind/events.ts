import type { RejectCode } from "@tenon/core/bind";
import type { Session } from "../session/session.js";

/**
 * What can happen to a plugin that binds:
 *
 * - `mounted`: a new instance was welcomed. `rejected`: a Hello was refused, see `code`
 * - `ready`: it answers, and `session` is there
 * - `suspect`: nothing came from it for `suspectAfterMs`
 * - `lost`: its link broke, was replaced, or was silent for `deadAfterMs`; calls in flight have ended
 * - `resumed`: a suspect one spoke again, or a lost one came back with a newer epoch
 * - `draining`: it was asked to finish, or is about to leave by itself. `unmounted`: it is gone and is not waited for any more
 */
export type BindEventKind =
  | "mounted"
  | "rejected"
  | "ready"
  | "suspect"
  | "lost"
  | "resumed"
  | "draining"
  | "unmounted";

/** Something that happened to a plugin that binds. */
export interface BindEvent {
  readonly kind: BindEventKind;
  readonly time: Date;
  /** `plugin/instance`, as far as a Hello that was refused told it. */
  readonly id: string;
  readonly plugin: string;
  readonly instance: string;
  readonly epoch: number;
  /** From where it dialled in, as `host:port`, or "unix". */
  readonly remote: string;
  /** Why, for people. */
  readonly reason: string;
  /** With `rejected`. */
  readonly code?: RejectCode;
  /** With `ready`. */
  readonly session?: Session;
}
