import { createReport, type CheckResult, type ConformanceReport } from "../conformance/report.js";
import { runChecks } from "../conformance/run-checks.js";
import { PluginSubject } from "./subject.js";
import { pluginChecks } from "./checks/index.js";

/** Options of {@link checkPlugin}. */
export interface CheckPluginOptions {
  /** The contract's magic cookie. */
  readonly cookie: { readonly key: string; readonly value: string };
  /** The contract's versions that the plugin serves. Default: its lowest and highest, found out by asking. */
  readonly versions?: readonly number[];
  /** How long the plugin may take for whatever is awaited: its line, an answer, its end. In milliseconds. Default 10000. */
  readonly timeoutMs?: number;
  /** How long to watch for what must not happen, such as an end by SIGINT. In milliseconds. Default 300. */
  readonly settleMs?: number;
  /** A text that the plugin prints on its standard output when it starts; without it nobody knows what to wait for. */
  readonly prints?: string;
  /** Areas to look at. Default all. */
  readonly only?: readonly string[];
  /** Checks that run at the same time. Default 4; 1 for a plugin that cannot run twice at once. */
  readonly maxParallel?: number;
  /** Told of each result as it comes. Default nobody. */
  readonly onResult?: (result: CheckResult) => void;
}

/**
 * Checks a program that claims to be a plugin: starts it some thirty times in every kind of environment, talks to it, stops
 * it, and resolves with what was found. Each start has a temporary directory of its own, which is removed, and whatever
 * still runs in the end is killed. It never rejects for what the plugin does; for a `command` that is empty it does.
 */
export async function checkPlugin(command: readonly string[], options: CheckPluginOptions): Promise<ConformanceReport> {
  if (command.length === 0) throw new RangeError("the command of the plugin is empty");
  const {
    cookie,
    versions = [],
    timeoutMs = 10_000,
    settleMs = 300,
    prints,
    only = [],
    maxParallel = 4,
    onResult,
  } = options;
  const since = performance.now();
  const subject = new PluginSubject({
    command,
    cookie,
    versions,
    timeoutMs,
    settleMs,
    prints,
    isAlone: maxParallel === 1,
  });
  try {
    const checkTimeoutMs = 3 * timeoutMs + 10_000;
    const results = await runChecks(pluginChecks, subject, {
      only,
      maxParallel,
      checkTimeoutMs,
      ...(onResult && { onResult }),
    });
    return createReport("plugin", command, results, Math.round(performance.now() - since));
  } finally {
    await subject.close();
  }
}
