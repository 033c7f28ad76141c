import type { CheckFacts } from "./check.js";

/** `failed` where a must was broken, `warned` where a should was; `skipped` what could not be looked at, and each may that does not hold. */
export type Outcome = "passed" | "failed" | "warned" | "skipped";

/** One check and what came of it. */
export interface CheckResult extends CheckFacts {
  readonly outcome: Outcome;
  /** What was seen, or why the check was skipped. */
  readonly saw: string;
  readonly elapsedMs: number;
}

/** What a run of the suite found. Plain data. */
export interface ConformanceReport {
  readonly kind: "plugin" | "host";
  readonly command: readonly string[];
  /** In the order of the table. */
  readonly results: readonly CheckResult[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Whether nothing failed. */
  readonly passed: boolean;
  readonly elapsedMs: number;
}

/** Makes a report of results. */
export function createReport(
  kind: ConformanceReport["kind"],
  command: readonly string[],
  results: readonly CheckResult[],
  elapsedMs: number,
): ConformanceReport {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const counts = {
    passed: count("passed"),
    failed: count("failed"),
    warned: count("warned"),
    skipped: count("skipped"),
  };
  return { kind, command, results, counts, passed: counts.failed === 0, elapsedMs };
}
