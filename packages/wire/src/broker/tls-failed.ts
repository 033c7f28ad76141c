import { TenonError } from "@tenon/core";

/** An error of the code `tls-failed`. */
export function tlsFailed(plugin: string, id: number, cause: unknown): TenonError {
  const why = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  return new TenonError("tls-failed", `The TLS connection for the broker id ${id} could not be set up (${why}).`, {
    plugin,
    facts: { id },
    cause,
  });
}
