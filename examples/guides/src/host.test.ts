import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { TenonError } from "@tenon/core";
import { createHost } from "@tenon/host";
import { words } from "./contract.js";
import { binary, discreet, frugal } from "./launches.js";

function run(plugin: string) {
  const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script("host.js"), script(plugin)], { encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

test("the host of the guide calls the plugin of the guide and stops it", () => {
  const { status, lines } = run("plugin.js");
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(0, 5), ["5 words, version 2", "one", "two", "three", "no such word: tennon"]);
  assert.deepEqual(lines.slice(5).toSorted(), ["ended: shutdown, requested", "exit code 0 after shutdown, drain"]);
});

test("the host of the guide tells why a plugin does not start", () => {
  const { status, lines } = run("no-such-plugin.js");
  assert.equal(status, 1);
  assert.match(lines.join("\n"), /^exited-before-handshake: Node did not find the module/);
});

test("the launches of the guide are launches", async () => {
  await using host = createHost();
  for (const launch of [binary, frugal, discreet]) {
    const options = { signal: AbortSignal.abort() };
    await assert.rejects(host.start(words, launch, options), (error) => {
      return error instanceof TenonError && error.code !== "option-invalid";
    });
  }
});
