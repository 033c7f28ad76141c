import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { eventually } from "@tenon/testkit";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const noScript = spawnSync("script", ["--version"]).status === 0 ? false : "needs script of util-linux";

test("Ctrl-C at the terminal reaches the host once and the plugin not at all: the host decides [HOST-05]", {
  skip: noScript,
}, async () => {
  const command = fixture("interrupted-host", ...fixture("echo-plugin")).join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await eventually(() => printed.includes("READY"), { timeoutMs: 10_000 });
  child.stdin.write("\u0003");
  await eventually(() => printed.includes("INTERRUPTED"), { timeoutMs: 10_000 });
  assert.match(printed, /INTERRUPTED host 1 plugin 0/);
  child.stdin.end();
  await ended;
  await sandbox.assertClean();
});
