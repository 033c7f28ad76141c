import type { ConformanceReport, Outcome } from "@tenon/testkit/conformance";

/** Ids of the checks with this outcome; a failure of a test shows what came, too. */
export function idsOf(report: ConformanceReport, outcome: Outcome): string[] {
  return report.results.filter((result) => result.outcome === outcome).map(({ id }) => id);
}

/** What did not hold, for the message of an assertion. */
export function describeTroubles(report: ConformanceReport): string {
  const troubles = report.results.filter(({ outcome }) => outcome === "failed" || outcome === "warned");
  return troubles.map(({ id, saw }) => `${id}: ${saw}`).join("\n");
}
