import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launcherCompliance } from "./launcher-compliance.js";
import { memoryRig } from "./memory-rig.testing.js";
import type { FaultName } from "./planted-faults.testing.js";

describe("the engine on a byte stream in memory", () => launcherCompliance(memoryRig()));

/** Runs the suite over a launcher with a fault, and gives the titles of what fails and of what is skipped with the reasons. */
async function runSuite(fault: FaultName, area: string): Promise<{ failed: string[]; skipped: string[] }> {
  const script = fileURLToPath(new URL("planted-faults.testing.js", import.meta.url));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--test-reporter=tap", script], {
    env: { ...env, PLANTED_FAULT: fault, PLANTED_AREA: area },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return {
    failed: [...output.matchAll(/^ +not ok \d+ - (.*)$/gm)].map(([, title = ""]) => title),
    skipped: [...output.matchAll(/^ +ok \d+ - (.*# SKIP.*)$/gm)].map(([, title = ""]) => title),
  };
}

/** Faults of launchers, the area in which they show, and what fails there: this and nothing else. */
const faults: readonly (readonly [FaultName, string, readonly RegExp[]])[] = [
  ["none", "base", []],
  ["crosses answers", "stress", [/^64 callers/, /^the plugin has seen/]],
  ["calls twice", "stress", [/^the plugin has seen/]],
  ["loses details", "errors", [/details and its metadata/]],
  ["knows one code", "errors", [/16 codes/, /details/]],
  ["keeps aborts to itself", "cancel", [/reaches the handler's signal/, /handlers of streams/]],
  ["reads ahead", "back-pressure", [/a reader that stops/]],
  ["sends JSON", "values", [/-0/, /any message/]],
  ["stops at once", "close", [/calls in flight end well/, /a stream of answers in flight/]],
  ["does not say why", "close", [/whose cause is session-closed/, /the same for streams/]],
  ["leaves timers", "deadlines", [/takes too long/]],
];

describe("a launcher with a fault fails where its fault is [LAU-08]", { concurrency: 2 }, () => {
  for (const [fault, area, expected] of faults) {
    test(`that ${fault}`, async () => {
      const { failed } = await runSuite(fault, area);
      if (expected.length === 0) assert.deepEqual(failed, []);
      for (const title of expected)
        assert.ok(
          failed.some((each) => title.test(each)),
          `${title} holds: ${failed.join("; ")}`,
        );
    });
  }
});

test("what a launcher lacks is skipped with its own reason [LAU-09]", async () => {
  const { skipped, failed } = await runSuite("none", "crash");
  assert.deepEqual(failed, []);
  assert.equal(skipped.length, 4);
  for (const each of skipped) assert.match(each, /# SKIP exit: it runs in the process of the suite$/);
});
