import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "@tenon/testkit";

/** Runs a program of this folder in a folder of the test, and kills it after the test. */
function start(t: TestContext, cwd: string, file: string, ...args: string[]) {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  t.after(() => child.kill("SIGKILL"));
  return { child, find: (words: RegExp) => eventually(() => words.exec(stdout), { what: String(words) }) };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  const [exitCode] = (await once(child, "exit")) as [number | null];
  assert.equal(exitCode, 0);
}

test("the host and the plugin of the guide's first five minutes", async (t) => {
  const folder = mkdtempSync("/tmp/first-");
  t.after(() => rmSync(folder, { recursive: true }));
  const host = start(t, folder, "host.js", "127.0.0.1:0");
  const [, address] = await host.find(/listens at (\S+)\. /);
  const plugin = start(t, folder, "plugin.js", address!);
  await host.find(/^kv\/\S+ has for hello: world$/m);
  await end(plugin.child);
  await host.find(/ unmounted: the plugin got SIGTERM$/m);
  await end(host.child);
});
