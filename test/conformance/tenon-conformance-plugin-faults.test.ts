import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkPlugin, pluginChecks } from "@tenon/testkit/conformance";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { describeTroubles, idsOf } from "./peers/outcomes.js";
import { testPlantedFaults } from "./peers/planted-faults.js";

const sandbox = useSandbox();

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

describe("a plugin that breaks one rule is told so, and nothing else", { concurrency: 4 }, () => {
  test("one that breaks none conforms [CONF-03]", async () => {
    const report = await check("none", []);
    assert.deepEqual([idsOf(report, "failed"), idsOf(report, "warned")], [[], []], describeTroubles(report));
    assert.deepEqual(idsOf(report, "skipped"), ["tcp-loopback", "port-range"]);
    assert.equal(report.passed, true);
  });

  testPlantedFaults(pluginChecks, check);
});

test("none of them leaves anything behind [CONF-03]", () => sandbox.assertClean());
