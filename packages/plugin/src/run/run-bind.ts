import { bindPlugin } from "../bind/bind-plugin.js";
import type { BindCloseReason } from "../bind/events.js";
import type { BoundPluginHandle } from "../bind/handle.js";
import type { BindOptions } from "../bind/options.js";
import { isTenonError } from "@tenon/core";
import type { Plugin } from "../implement.js";
import { createLogger } from "../log/logger.js";
import { reportCrashes } from "./process-events.js";

/** Options of {@link runBind}. */
export interface RunBindOptions extends Omit<BindOptions, "signal"> {
  /** Runs when the binding has ended, before the process does. Default: nothing. */
  readonly cleanUp?: (reason: BindCloseReason) => void | Promise<void>;
}

const signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"];

/** Exit code after a second signal, as a shell reports a process that SIGTERM ended. */
const secondSignalExitCode = 143;

/**
 * Makes this process one plugin that dials in: {@link bindPlugin}, with a drain and a goodbye on SIGTERM, SIGINT and SIGHUP, at once on the
 * second of them. It does not return: the process ends with exit code 0 when the plugin was closed, drained, shut down or dismissed, and
 * with 1, after one record that says why, when it was rejected or crashed.
 */
export async function runBind(plugin: Plugin, options: RunBindOptions): Promise<never> {
  const { cleanUp, ...bindOptions } = options;
  const logger = options.logger ?? createLogger({ name: plugin.contract.name });
  reportCrashes(logger);
  const starting = new AbortController();
  let bound: BoundPluginHandle | undefined;
  let isLeaving = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (isLeaving) process.exit(secondSignalExitCode);
      isLeaving = true;
      if (bound === undefined) starting.abort();
      else void bound.close({ reason: `the plugin got ${signal}` });
    });
  }
  try {
    bound = await bindPlugin(plugin, { ...bindOptions, logger, signal: starting.signal });
  } catch (error) {
    if (starting.signal.aborted) process.exit(0);
    const message = error instanceof Error ? error.message : String(error);
    logger.error(message, isTenonError(error) ? { ...error.facts, code: error.code } : { error });
    process.exit(1);
  }
  const reason = await bound.closed;
  await cleanUp?.(reason);
  process.exit(process.exitCode ?? (reason.kind === "rejected" || reason.kind === "exited" ? 1 : 0));
}
