import { Code, ConnectError } from "@connectrpc/connect";

/** How far a call had come when its connection was lost: not sent at all, sent, or the answer had begun to arrive. */
export type CallFate = "waiting" | "sent" | "answered";

/** Metadata of the error of a call that the peer may have executed, wholly or in part. Its value is `true`. */
export const maybeExecutedKey = "maybe_executed";

/**
 * Says in the error of a call whose peer has died whether it may have been executed. A call that was not sent is UNAVAILABLE and may be
 * repeated safely; one that was sent says `maybe_executed`; one whose answer had begun was accepted for certain: ABORTED.
 */
export function withFate(error: ConnectError, fate: CallFate): ConnectError {
  if (fate === "waiting") return error;
  const code = fate === "answered" ? Code.Aborted : error.code;
  return new ConnectError(error.rawMessage, code, { [maybeExecutedKey]: "true" }, undefined, error.cause);
}
