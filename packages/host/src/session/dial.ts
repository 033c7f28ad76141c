import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TenonError } from "@tenon/core";
import { openSocket } from "@tenon/wire";
import type { PluginAddress } from "../handshake/check-handshake.js";

const firstPauseMs = 10;
const longestPauseMs = 250;

/**
 * Connects to a plugin's address. Where nobody listens there yet it tries again, at growing intervals, for `timeoutMs`.
 *
 * @throws {@link TenonError} `connect-failed` with the system's error as its cause; the signal's reason when it aborts
 */
export async function dial(address: PluginAddress, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  const startedAt = performance.now();
  let pauseMs = firstPauseMs;
  for (let attempts = 1; ; attempts++) {
    try {
      return await connectOnce(address, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const code = (cause as NodeJS.ErrnoException).code;
      const mayStillCome = code === "ECONNREFUSED" || code === "ENOENT" || code === "EAGAIN";
      const elapsedMs = performance.now() - startedAt;
      if (!mayStillCome || elapsedMs + pauseMs > timeoutMs) {
        const where = formatAddress(address);
        throw new TenonError(
          "connect-failed",
          `nobody answers at the plugin's address ${where} (${code ?? String(cause)}, ${attempts} attempts)`,
          { cause, facts: { address: where, attempts } },
        );
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

/** An address as a person writes it. */
export function formatAddress(address: PluginAddress): string {
  return address.network === "unix" ? address.path : `${address.host}:${address.port}`;
}

function connectOnce(address: PluginAddress, signal: AbortSignal): Promise<Socket> {
  if (address.network === "unix") return openSocket({ path: address.path }, signal);
  return openSocket({ host: address.host, port: address.port, noDelay: true, keepAlive: true }, signal);
}
