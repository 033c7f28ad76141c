import { ConnectError } from "@connectrpc/connect";
import { maybeExecutedKey } from "@tenon/wire";

/**
 * Whether the plugin may have executed a call that failed because the plugin died or lost its connection: the call had been sent. False for
 * any other error, and for calls that never left the host, which can be repeated safely.
 */
export function maybeExecuted(error: unknown): boolean {
  return error instanceof ConnectError && error.metadata.get(maybeExecutedKey) === "true";
}
