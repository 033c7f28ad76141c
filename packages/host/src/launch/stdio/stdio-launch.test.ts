import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { parseLaunch } from "../parse-launch.js";

test("a launch on standard streams is plain data like any other", () => {
  const { launcher, ...parsed } = parseLaunch({ stdio: ["node", "plugin.js"], env: { A: "1" }, cwd: "/" });
  assert.deepEqual(parsed, {
    command: ["node", "plugin.js"],
    label: ["node", "plugin.js"],
    transport: "stdio",
    env: { A: "1" },
    inheritEnv: true,
    cwd: "/",
    stdin: "ignore",
    parentDeathSignal: undefined,
    checksums: [],
    lifetime: "host",
    copiesMessages: false,
  });
  assert.deepEqual([launcher?.name, launcher?.capabilities], ["stdio", { isolation: "process" }]);
});

const wrong: [option: string, launch: unknown][] = [
  ["launch.stdio", { stdio: [] }],
  ["launch.stdio", { stdio: "node" }],
  ["launch.stdio[0]", { stdio: [""] }],
  // Its standard input carries bytes, and nobody could attach to it.
  ["launch.stdin", { stdio: ["a"], stdin: "inherit" }],
  ["launch.lifetime", { stdio: ["a"], lifetime: "own" }],
  ["launch.parentDeathSignal", { stdio: ["a"], parentDeathSignal: "SIGHUP" }],
  ["launch.env", { stdio: ["a"], env: [] }],
];

for (const [option, launch] of wrong) {
  test(`refuses ${JSON.stringify(launch)}, naming ${option}`, () => {
    assert.throws(
      () => parseLaunch(launch as never),
      (error) => isTenonError(error, "option-invalid") && error.message.includes(option),
    );
  });
}
