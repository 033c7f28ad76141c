import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually } from "@tenon/testkit";
import { startHost, type TestHost } from "../bind/host.testing.js";

const bindModule = new URL("../bind/index.js", import.meta.url).href;
const testing = new URL("../bind/host.testing.js", import.meta.url).href;

function run(t: TestContext, host: TestHost) {
  const directory = mkdtempSync("/tmp/bind-");
  const file = join(directory, "plugin.mjs");
  writeFileSync(
    file,
    `import { runBind } from ${JSON.stringify(bindModule)};
     import { plugin } from ${JSON.stringify(testing)};
     await runBind(plugin, { to: ${JSON.stringify(host.to)}, token: "s3cret", cleanUp: ({ kind }) => console.log("clean " + kind) });`,
  );
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(directory, { recursive: true });
  });
  return { child, output, exited };
}

test("a process says goodbye on SIGTERM and ends with 0 [BPL-16]", async (t) => {
  const host = await startHost(t);
  const { child, output, exited } = run(t, host);
  const link = await host.link(1);
  assert.equal((await (await link.client()).get({ key: "a" })).key, "a");
  child.kill("SIGTERM");
  assert.equal(await exited, 0);
  await eventually(() => link.isOver);
  const last = link.frames.at(-1);
  assert.ok(last?.case === "goodbye" && last.value.reason === "the plugin got SIGTERM");
  assert.equal(output.stdout, "clean closed\n");
});

test("a process that is rejected ends with 1 and one record, without its token [BPL-13, BPL-16]", async (t) => {
  const host = await startHost(t, { decide: () => ({ reject: { code: "token-unknown", reason: "no such token" } }) });
  const { output, exited } = run(t, host);
  assert.equal(await exited, 1);
  assert.match(output.stderr, /"code":"bind-rejected"/);
  assert.doesNotMatch(output.stderr, /s3cret/);
});
