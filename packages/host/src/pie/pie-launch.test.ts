import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { parsePieLaunch } from "./pie-launch.js";

test("a launch needs no more than its command [PIE-21]", () => {
  const { command, transport, launcher, lifetime } = parsePieLaunch({ pie: ["greeter", "-v"] });
  assert.deepEqual([command, transport, lifetime], [["greeter", "-v"], "none", "host"]);
  assert.equal(launcher?.name, "pie");
  assert.deepEqual(launcher.capabilities, { isolation: "process", streams: false, hostServices: false });
});

test("only a consumer has services of the host [PIE-22]", () => {
  const { launcher } = parsePieLaunch({ pie: ["greeter"], mode: "consumer" });
  assert.equal(launcher?.capabilities.hostServices, true);
});

for (const [option, value] of [
  ["pie", []],
  ["mode", "both"],
  ["version", -1],
  ["names", { a: "" }],
  ["form", { fieldNames: "snake" }],
  ["maxMessageBytes", 2 ** 29],
  ["stdin", "inherit"],
  ["lifetime", "own"],
] as const) {
  test(`${option} = ${JSON.stringify(value)} is refused by its name`, () => {
    assert.throws(
      () => parsePieLaunch({ pie: ["greeter"], [option]: value } as never),
      (error) => isTenonError(error, "option-invalid") && error.message.includes(`launch.${option}`),
    );
  });
}
