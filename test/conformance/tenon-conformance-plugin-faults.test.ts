import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkPlugin, type CheckFacts, pluginChecks } from "@tenon/testkit/conformance";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";

const sandbox = useSandbox();
/** The check of the fault and those that it needs, unless asked for more: every area, for every fault, takes many minutes. */
const everyArea = process.env["EVERY_AREA"] === "1";

function check(fault: string, only: readonly string[]) {
  return checkPlugin(fixture("faulty-plugin", fault), {
    cookie: { key: "FAULTY_COOKIE", value: "yes" },
    versions: [1, 2],
    prints: "I print",
    timeoutMs: 6000,
    only,
    maxParallel: 4,
  });
}

function expected({ id, level }: CheckFacts) {
  return {
    failed: level === "must" ? [id] : [],
    warned: level === "should" ? [id] : [],
  };
}

describe("a plugin that breaks one rule is told so, and nothing else", { concurrency: 4 }, () => {
  test("one that breaks none conforms [CONF-03]", async () => {
    const report = await check("none", []);
    assert.deepEqual([idsOf(report, "failed"), idsOf(report, "warned")], [[], []], describeTroubles(report));
    assert.deepEqual(idsOf(report, "skipped"), ["tcp-loopback", "port-range"]);
    assert.equal(report.passed, true);
  });

  for (const facts of pluginChecks) {
    test(`${facts.id}: not that ${facts.title} [CONF-03]`, async () => {
      const report = await check(facts.id, everyArea ? [] : [facts.id]);
      const found = { failed: idsOf(report, "failed"), warned: idsOf(report, "warned") };
      assert.deepEqual(found, expected(facts), describeTroubles(report));
      const own = report.results.find(({ id }) => id === facts.id);
      assert.notEqual(own?.outcome, "passed");
      assert.doesNotMatch(own?.saw ?? "", /^not looked at/);
    });
  }
});

test("none of them leaves anything behind [CONF-03]", () => sandbox.assertClean());
