import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { parseLaunch } from "./parse-launch.js";
import type { ProcessLaunch } from "./process-launch.js";

test("a launch is copied and frozen, with its defaults", () => {
  const env = { A: "1" };
  const parsed = parseLaunch({ process: ["node", "plugin.js"], env });
  env.A = "2";
  assert.deepEqual(parsed, {
    command: ["node", "plugin.js"],
    label: ["node", "plugin.js"],
    transport: "socket",
    env: { A: "1" },
    inheritEnv: true,
    cwd: undefined,
    stdin: "lifeline",
    parentDeathSignal: undefined,
    checksums: [],
    lifetime: "host",
    copiesMessages: false,
    launcher: undefined,
  });
  assert.ok(Object.isFrozen(parsed) && Object.isFrozen(parsed.command) && Object.isFrozen(parsed.env));
});

const wrong: [option: string, launch: unknown][] = [
  ["launch", undefined],
  ["launch", "node"],
  ["launch", {}],
  ["launch.process", { process: [] }],
  ["launch.process", { process: "node" }],
  ["launch.process[0]", { process: [""] }],
  ["launch.process[1]", { process: ["a", 1] }],
  ["launch.process[1]", { process: ["a", "b\0"] }],
  ["launch.shell", { process: ["a"], shell: true }],
  ["launch.env", { process: ["a"], env: [] }],
  ["launch.env.A", { process: ["a"], env: { A: 1 } }],
  ['launch.env["A=B"]', { process: ["a"], env: { "A=B": "x" } }],
  ["launch.inheritEnv", { process: ["a"], inheritEnv: "PATH" }],
  ["launch.cwd", { process: ["a"], cwd: "" }],
  ["launch.stdin", { process: ["a"], stdin: "pipe" }],
  ["launch.parentDeathSignal", { process: ["a"], parentDeathSignal: true }],
];

for (const [option, launch] of wrong) {
  test(`${option} is named when it is wrong: ${JSON.stringify(launch)}`, () => {
    assert.throws(
      () => parseLaunch(launch as ProcessLaunch),
      (error) => isTenonError(error, "option-invalid") && error.facts["option"] === option,
    );
  });
}

test("a plugin that outlives its host has no lifeline and no signal at the host's death [LAUNCH-10]", () => {
  const launch = { process: ["x"], lifetime: "own" } as const;
  const { stdin, parentDeathSignal, lifetime } = parseLaunch(launch);
  assert.deepEqual(
    { stdin, parentDeathSignal, lifetime },
    { stdin: "ignore", parentDeathSignal: false, lifetime: "own" },
  );
  assert.throws(() => parseLaunch({ ...launch, stdin: "lifeline" }), { code: "option-invalid" });
  assert.throws(() => parseLaunch({ ...launch, parentDeathSignal: "SIGTERM" }), { code: "option-invalid" });
  assert.equal(parseLaunch({ ...launch, parentDeathSignal: false, stdin: "inherit" }).stdin, "inherit");
});
