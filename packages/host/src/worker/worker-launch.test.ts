import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { isTenonError } from "@tenon/core";
import { parseLaunch } from "../launch/parse-launch.js";
import { parseWorkerLaunch } from "./worker-launch.js";
import type { WorkerLaunch } from "./worker-settings.js";

test("a launch with its defaults [WRK-12]", () => {
  const parsed = parseLaunch({ worker: "./plugin.js" });
  assert.deepEqual(
    [parsed.transport, parsed.command, parsed.label, parsed.inheritEnv, parsed.lifetime],
    ["port", [], ["./plugin.js"], true, "host"],
  );
  assert.equal(parsed.launcher?.name, "worker");
  assert.deepEqual(parsed.launcher.capabilities, { isolation: "thread" });
});

test("a file by URL, as text too [WRK-12]", () => {
  const url = pathToFileURL("/srv/a b/plugin.js");
  for (const worker of [url, url.href]) assert.deepEqual(parseWorkerLaunch({ worker }).label, ["/srv/a b/plugin.js"]);
});

test("what cannot be is refused, with the name of the option [WRK-12]", () => {
  const worker = "./plugin.js";
  const wrong: readonly [string, unknown][] = [
    ["launch.worker", { worker: "" }],
    ["launch.worker", { worker: 7 }],
    ["launch.worker", { worker: new URL("https://example.com/plugin.js") }],
    ["launch.worker", { worker: "file://elsewhere/plugin.js" }],
    ["launch.argv", { worker, argv: "x" }],
    ["launch.argv", { worker, argv: [1] }],
    ["launch.execArgv", { worker, execArgv: [undefined] }],
    ["launch.resourceLimits", { worker, resourceLimits: 5 }],
    ["launch.resourceLimits.maxHeapMb", { worker, resourceLimits: { maxHeapMb: 5 } }],
    ["launch.resourceLimits.stackSizeMb", { worker, resourceLimits: { stackSizeMb: 0 } }],
    ["launch.maxExternalBytes", { worker, maxExternalBytes: 0 }],
    ["launch.maxExternalBytes", { worker, maxExternalBytes: 1.5 }],
    ["launch.lifetime", { worker, lifetime: "own" }],
    ["launch.env.A", { worker, env: { A: 1 } }],
  ];
  for (const [option, launch] of wrong) {
    assert.throws(
      () => parseWorkerLaunch(launch as WorkerLaunch),
      (fault) => isTenonError(fault, "option-invalid") && fault.facts["option"] === option,
      JSON.stringify(launch),
    );
  }
});
