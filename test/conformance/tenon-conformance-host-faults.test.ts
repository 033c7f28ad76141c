import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHost, hostChecks } from "@tenon/testkit/conformance";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";
import { testPlantedFaults } from "./peers/planted-faults.js";

const sandbox = useSandbox();

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

  testPlantedFaults(hostChecks, check);
});

test("none of them leaves anything behind [CONF-03]", () => sandbox.assertClean());
