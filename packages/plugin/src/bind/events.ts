import type { Logger } from "../log/logger.js";

/** How a binding came to its end, for good. */
export interface BindCloseReason {
  /**
   * `closed`: `close()` was called; `drained`: the host asked the plugin to leave; `shutdown`: the host called Shutdown; `dismissed`: the
   * host said goodbye and does not want it back; `rejected`: the host refused the plugin when it came back; `exited`: what was offered
   * has ended by itself; `aborted`: the signal was aborted or `destroy()` was called.
   */
  readonly kind: "closed" | "drained" | "shutdown" | "dismissed" | "rejected" | "exited" | "aborted";
  /** A sentence for people. */
  readonly reason: string;
  /** Whether every call in flight came to its own end. */
  readonly drained: boolean;
  /** The host's code, for `rejected`. */
  readonly code?: string;
  /** What was thrown, where there is such a thing. */
  readonly cause?: unknown;
}

/** What `onEvent` hears. */
export type BindEvent =
  /** The host has taken the plugin: the first time, or again after a lost link. */
  | {
      readonly type: "bound";
      readonly session: string;
      readonly host: string;
      readonly epoch: bigint;
      readonly contractVersion: number;
      readonly isResumed: boolean;
    }
  /** No link could be made. */
  | { readonly type: "unreachable"; readonly cause: unknown; readonly retryInMs: number }
  /** The host refused. Without `retryInMs` it is the end. */
  | {
      readonly type: "rejected";
      readonly code: string;
      readonly reason: string;
      readonly field: string;
      readonly retryInMs?: number;
    }
  /** Nothing was heard of the host for 1.5 heartbeats. */
  | { readonly type: "suspect"; readonly silentMs: number }
  /** The host was heard again. */
  | { readonly type: "recovered"; readonly silentMs: number }
  /** The link has ended, or the host sent the plugin away for a while. */
  | { readonly type: "lost"; readonly reason: string; readonly cause?: unknown; readonly retryInMs: number }
  /** The plugin is leaving. */
  | { readonly type: "draining"; readonly reason: string; readonly by: "host" | "plugin" }
  | { readonly type: "closed"; readonly reason: BindCloseReason };

/** Tells of events: a record for each, which holds no token, and a call of `onEvent`. What keeps a host unreachable is recorded once. */
export function createTeller(
  logger: Logger,
  onEvent: ((event: BindEvent) => void) | undefined,
): (event: BindEvent) => void {
  let before: BindEvent | undefined;
  const isKnown = (event: BindEvent): boolean =>
    event.type === "unreachable" && before?.type === event.type && messageOf(before.cause) === messageOf(event.cause);
  return (event) => {
    if (!isKnown(event)) record(logger, event);
    before = event;
    try {
      onEvent?.(event);
    } catch (error) {
      logger.error("onEvent failed", { error, event: event.type });
    }
  };
}

function record(logger: Logger, event: BindEvent): void {
  const { type, ...facts } = event;
  const isTrouble = type === "lost" || type === "rejected" || type === "unreachable" || type === "suspect";
  // The stack of a lost connection tells nobody anything.
  const cause = "cause" in event && { cause: messageOf(event.cause) };
  const reason = type === "closed" && { ...event.reason, cause: undefined };
  logger.log(isTrouble ? "warn" : "debug", `bind: ${type}`, { ...facts, ...cause, ...reason });
}

/** What was thrown, for people. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
