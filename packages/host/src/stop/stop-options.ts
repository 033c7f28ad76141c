import { checkKeys, durationMs, signalOrNothing } from "../options/check.js";

/** How an instance is stopped. Each step begins when the one before has not ended the process in time. */
export interface StopOptions {
  /**
   * How long the plugin may take to end after the `GRPCController/Shutdown` call, the call included. 0 leaves the step out,
   * and a plugin without that service is not waited for. Default 2000. go-plugin: the call has no limit, then 2 s, fixed.
   */
  readonly shutdownTimeoutMs?: number;
  /**
   * How long it may take after SIGTERM to its process group (followed by SIGCONT, so that a suspended one can obey). 0 leaves
   * the step out. Default 2000. go-plugin has no such step: it goes straight to SIGKILL.
   */
  readonly terminateTimeoutMs?: number;
  /** How long its end is awaited after SIGKILL to its group; then the outcome is `unkillable`. Default 2000. */
  readonly killTimeoutMs?: number;
  /**
   * How long after its end its pipes are read on. A process that it left behind outside its group can hold them open for
   * ever; with go-plugin such a stop never returns. Default 500.
   */
  readonly drainTimeoutMs?: number;
  /** Aborting it goes straight to SIGKILL. */
  readonly signal?: AbortSignal;
}

/** {@link StopOptions} with every duration filled in. */
export interface StopTimeouts {
  readonly shutdownTimeoutMs: number;
  readonly terminateTimeoutMs: number;
  readonly killTimeoutMs: number;
  readonly drainTimeoutMs: number;
}

/** The defaults of {@link StopOptions}. */
export const defaultStopTimeouts: StopTimeouts = Object.freeze({
  shutdownTimeoutMs: 2000,
  terminateTimeoutMs: 2000,
  killTimeoutMs: 2000,
  drainTimeoutMs: 500,
});

const durationKeys = ["shutdownTimeoutMs", "terminateTimeoutMs", "killTimeoutMs", "drainTimeoutMs"] as const;

/** Checks stop options. @throws TenonError `option-invalid`, naming the key */
export function parseStopOptions(
  what: string,
  options: StopOptions | undefined,
  defaults: StopTimeouts,
): StopTimeouts & { readonly signal: AbortSignal | undefined } {
  const given = checkKeys(what, options, [...durationKeys, "signal"]);
  const timeouts = Object.fromEntries(
    durationKeys.map((key) => [key, durationMs(`${what}.${key}`, given[key], defaults[key])]),
  ) as unknown as StopTimeouts;
  return Object.freeze({ ...timeouts, signal: signalOrNothing(`${what}.signal`, given["signal"]) });
}
