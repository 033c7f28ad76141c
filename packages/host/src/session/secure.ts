import type { Duplex } from "node:stream";
import { type ConnectionOptions, createSecureContext, type TLSSocket } from "node:tls";
import { TenonError } from "@tenon/core";
import { secureClient } from "@tenon/wire/tls";

/**
 * Runs TLS over a fresh connection. Its success does not
 * prove that the plugin accepted ours: with TLS 1.3 a refusal arrives later, with the first bytes read.
 *
 * @throws {@link TenonError} `tls-failed` with the reason as its cause; the signal's reason when it aborts
 */
export async function secure(socket: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  try {
    return await secureClient(socket, options, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    throw tlsFailed(`the TLS handshake failed (${code ?? message})`, cause);
  }
}

/**
 * The same options, with the part of them made that takes 1 ms, for as many connections as follow.
 *
 * @throws {@link TenonError} `tls-failed` when they are no good
 */
export function prepareTls(options: ConnectionOptions): ConnectionOptions {
  try {
    return options.secureContext === undefined ? { ...options, secureContext: createSecureContext(options) } : options;
  } catch (cause) {
    throw new TenonError("tls-failed", `its TLS options cannot be used (${String(cause)})`, { cause });
  }
}

/** An error of the code `tls-failed`. */
export function tlsFailed(why: string, cause?: unknown): TenonError {
  return new TenonError(
    "tls-failed",
    `${why}. Something other than the plugin may answer at its address, or the plugin's TLS library is incompatible`,
    { cause },
  );
}
