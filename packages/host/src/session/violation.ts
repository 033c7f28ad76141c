import type { CloseReason } from "@tenon/wire";

/**
 * How the plugin broke the protocol, where a connection ended for that: in its HTTP/2, or in the yamux around it. Its end as a process
 * comes right behind and says nothing of this.
 */
export function findViolation({ kind, message, cause }: CloseReason): string | undefined {
  if (kind === "error") return message;
  const reason: unknown = cause instanceof Error ? cause.cause : undefined;
  return isViolation(reason) ? reason.message : undefined;
}

/** What a `YamuxError` has as its cause; the class itself would load yamux. */
function isViolation(reason: unknown): reason is { readonly message: string } {
  return typeof reason === "object" && reason !== null && "kind" in reason && reason.kind === "violation";
}
