import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually, isProcessAlive } from "@tenon/testkit";
import { cookie } from "../../kv.testing.js";
import { startHost, type TestHost } from "../host.testing.js";

const index = new URL("../../index.js", import.meta.url).href;
const kvModule = new URL("../../kv.testing.js", import.meta.url).href;
const main = fileURLToPath(new URL("main.js", import.meta.url));
const skip = process.platform === "win32" ? "no process groups" : false;

/** A plugin that nothing but SIGKILL ends, and that has started a process which is the same. */
const program = `
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { implement, servePlugin } from ${JSON.stringify(index)};
import { echo, kv } from ${JSON.stringify(kvModule)};
process.on("SIGTERM", () => {});
const child = spawn("/bin/sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"], { stdio: "ignore" });
writeFileSync(process.argv[2], process.pid + " " + child.pid);
const serving = await servePlugin(implement(kv, { kv: echo }), { environment: process.env });
process.stdout.write(serving.line + "\\n");
setInterval(() => {}, 1000);
`;

/** tenon-bind as a process of its own, bound. */
async function bindProcess(t: TestContext, host: TestHost) {
  const directory = mkdtempSync("/tmp/bind-");
  const at = (name: string) => join(directory, name);
  writeFileSync(at("plugin.mjs"), program);
  const own = [main, "--to", host.to, `--cookie=${cookie.key}=${cookie.value}`, `--ready-file=${at("ready")}`];
  const command = [process.execPath, at("plugin.mjs"), at("pids")];
  const bind: ChildProcess = spawn(process.execPath, [...own, "--service=test.KV", "--", ...command], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: directory },
  });
  t.after(() => {
    bind.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  });
  await host.link(1);
  await eventually(() => existsSync(at("ready")));
  const pids = readFileSync(at("pids"), "utf8").split(" ").map(Number);
  assert.deepEqual(
    pids.map((pid) => isProcessAlive(pid)),
    [true, true],
    String(pids),
  );
  const leftovers = () => readdirSync(directory).filter((name) => name.startsWith("tenon-") || name === "ready");
  assert.equal(leftovers().length, 2);
  return { bind, pids, leftovers };
}

test("SIGKILL leaves no process, socket and file behind [BPL-27]", { skip }, async (t) => {
  const { bind, pids, leftovers } = await bindProcess(t, await startHost(t));
  bind.kill("SIGKILL");
  await eventually(() => pids.every((pid) => !isProcessAlive(pid)));
  await eventually(() => leftovers().length === 0);
});

test("SIGTERM ends a program that ignores it, with all it has started [BPL-24]", { skip }, async (t) => {
  const { bind, pids, leftovers } = await bindProcess(t, await startHost(t));
  bind.kill("SIGTERM");
  const [code] = await once(bind, "exit");
  assert.equal(code, 0);
  await eventually(() => pids.every((pid) => !isProcessAlive(pid)));
  assert.deepEqual(leftovers(), []);
});
