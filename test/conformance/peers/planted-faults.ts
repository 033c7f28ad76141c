import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckFacts, ConformanceReport } from "@tenon/testkit/conformance";
import { describeTroubles, idsOf } from "./outcomes.js";

/** Runs a suite against the program that breaks the rule of this check, and looks at these checks or areas alone; empty: at all. */
export type CheckFaulty = (fault: string, only: readonly string[]) => Promise<ConformanceReport>;

/** The check of the fault and those that it needs, unless asked for more: every area, for every fault, takes many minutes. */
const everyArea = process.env["EVERY_AREA"] === "1";

/** Declares a test for each check: a program that breaks its rule is told so, and nothing else. */
export function testPlantedFaults(checks: readonly CheckFacts[], check: CheckFaulty): void {
  for (const { id, title, level } of checks) {
    void test(`${id}: not that ${title} [CONF-03]`, async () => {
      const report = await check(id, everyArea ? [] : [id]);
      const found = { failed: idsOf(report, "failed"), warned: idsOf(report, "warned") };
      const expected = { failed: level === "must" ? [id] : [], warned: level === "should" ? [id] : [] };
      assert.deepEqual(found, expected, describeTroubles(report));
      const own = report.results.find((result) => result.id === id);
      assert.notEqual(own?.outcome, "passed");
      assert.doesNotMatch(own?.saw ?? "", /^not looked at/);
    });
  }
}
