import { createReport, type CheckResult, type ConformanceReport } from "../conformance/report.js";
import { runChecks } from "../conformance/run-checks.js";
import { HostSubject } from "./subject.js";
import { hostChecks } from "./checks/index.js";

/** Options of {@link checkHost}. */
export interface CheckHostOptions {
  /** The contract's magic cookie. Default: not looked at. */
  readonly cookie?: { readonly key: string; readonly value: string };
  /** The contract's versions, all that the host has. Default: not looked at. */
  readonly versions?: readonly number[];
  /** How long one run of the host may take, in milliseconds; then it is killed. Default 20000. */
  readonly timeoutMs?: number;
  /** The host's own time limit for a start, in milliseconds: with it the suite waits for it. Default 0, not looked at. */
  readonly startTimeoutMs?: number;
  /** Areas to look at. Default all. */
  readonly only?: readonly string[];
  /** Runs of the host at the same time. Default 4; 1 for a host that cannot run twice at once. */
  readonly maxParallel?: number;
  /** Told of each result as it comes. Default nobody. */
  readonly onResult?: (result: CheckResult) => void;
}

/**
 * Checks a program that claims to be a host: runs it some thirty times with a probe in the place of its plugin, and
 * resolves with what was found. The command has to start the plugin whose path replaces `{plugin}` in its arguments, or
 * comes last, and stands in TENON_CONFORMANCE_PLUGIN; to call it or not; to stop it, and to end with exit code 0, or
 * with another where the plugin cannot be used. Needs `/bin/sh`. It never rejects for what the host does; for a
 * `command` that is empty it does.
 */
export async function checkHost(
  command: readonly string[],
  options: CheckHostOptions = {},
): Promise<ConformanceReport> {
  if (command.length === 0) throw new RangeError("the command of the host is empty");
  const {
    cookie,
    versions = [],
    timeoutMs = 20_000,
    startTimeoutMs = 0,
    only = [],
    maxParallel = 4,
    onResult,
  } = options;
  const since = performance.now();
  const subject = new HostSubject({ command, cookie, versions, timeoutMs, startTimeoutMs, maxParallel });
  try {
    // The subject decides how many run at once, and ends each run in time.
    const limits = { maxParallel: hostChecks.length, checkTimeoutMs: hostChecks.length * timeoutMs + startTimeoutMs };
    const results = await runChecks(hostChecks, subject, { only, ...limits, ...(onResult && { onResult }) });
    return createReport("host", command, results, Math.round(performance.now() - since));
  } finally {
    subject.close();
  }
}
