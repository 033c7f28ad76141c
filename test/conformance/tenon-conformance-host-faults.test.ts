import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHost, type CheckFacts, hostChecks } from "@tenon/testkit/conformance";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";

const sandbox = useSandbox();
/** The check of the fault and those that it needs, unless asked for more: every area, for every fault, takes many minutes. */
const everyArea = process.env["EVERY_AREA"] === "1";

function check(fault: string, only: readonly string[]) {
  return checkHost(fixture("faulty-host", fault), {
    cookie: { key: "FAULTY_COOKIE", value: "yes" },
    versions: [1, 2],
    timeoutMs: 12_000,
    startTimeoutMs: 4000,
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

describe("a host that breaks one rule is told so, and nothing else", { concurrency: 4 }, () => {
  for (const [name, skipped] of [
    ["none", ["env-certificate", "refuses-certificate", "tls-mutual", "tls-pinned", "tls-insisted"]],
    ["secure", ["accepts-five-fields", "accepts-short-certificate"]],
  ] as const) {
    test(`one that breaks none conforms, ${name === "secure" ? "with TLS" : "in plaintext"} [CONF-03]`, async () => {
      const report = await check(name, []);
      assert.deepEqual([idsOf(report, "failed"), idsOf(report, "warned")], [[], []], describeTroubles(report));
      assert.deepEqual(idsOf(report, "skipped"), skipped);
      assert.equal(report.passed, true);
    });
  }

  for (const facts of hostChecks) {
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
