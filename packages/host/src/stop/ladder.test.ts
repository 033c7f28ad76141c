import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isProcessAlive } from "@tenon/testkit";
import { type PluginProcess, spawnProcess } from "../launch/spawn-process.js";
import { climbDown, type LadderSubject } from "./ladder.js";

const skip = process.platform === "win32" ? "no signals" : false;
const timeouts = { shutdownTimeoutMs: 100, terminateTimeoutMs: 100, killTimeoutMs: 5000, drainTimeoutMs: 100 };
const never = new AbortController().signal;
const hang = () => new Promise(() => {});

/** Runs a shell script that prints a line when it is ready. */
async function run(script: string): Promise<PluginProcess> {
  const env = { PATH: process.env["PATH"] ?? "" };
  const child = await spawnProcess({ file: "/bin/sh", args: ["-c", script], env, cwd: "/", stdin: "lifeline" });
  await once(child.stdout, "data");
  return child;
}

async function descend(script: string, shutdown: LadderSubject["shutdown"], signal = never, overrides = {}) {
  const child = await run(script);
  const result = await climbDown({ process: child, shutdown }, { ...timeouts, ...overrides }, signal);
  child.release();
  assert.equal(isProcessAlive(child.pid), false);
  return { how: result.how, steps: result.steps.map(({ step }) => step), exit: child.exit, notes: result.steps };
}

const stays = "echo; sleep 60";
const ignoresTerm = "trap '' TERM; echo; while :; do sleep 0.05; done";

test("a process that ends when asked needs no signal [STOP-01]", { skip }, async () => {
  const child = await run("echo; read x; exit 4");
  const shutdown = async () => {
    child.release();
    throw new ConnectError("gone", Code.Unavailable);
  };
  const { how, steps } = await climbDown({ process: child, shutdown }, { ...timeouts, shutdownTimeoutMs: 5000 }, never);
  assert.deepEqual([how, steps.length, child.exit], ["shutdown", 1, { exitCode: 4, signal: null }]);
});

test("one that has no Shutdown service gets SIGTERM at once [STOP-02] [STOP-03]", { skip }, async () => {
  const unimplemented = () => Promise.reject(new ConnectError("no", Code.Unimplemented));
  const { how, steps, exit, notes } = await descend(stays, unimplemented, never, { shutdownTimeoutMs: 600_000 });
  assert.deepEqual([how, steps, exit?.signal], ["terminated", ["shutdown", "sigterm"], "SIGTERM"]);
  assert.match(notes[0]?.note ?? "", /no Shutdown service/);
});

test("one that never answers gets SIGTERM when its time is over [STOP-02] [STOP-03]", { skip }, async () => {
  const { how, steps } = await descend(stays, hang);
  assert.deepEqual([how, steps], ["terminated", ["shutdown", "sigterm"]]);
});

test("one that ignores SIGTERM gets SIGKILL [STOP-04]", { skip }, async () => {
  const { how, steps, exit } = await descend(ignoresTerm, hang);
  assert.deepEqual([how, steps, exit?.signal], ["killed", ["shutdown", "sigterm", "sigkill"], "SIGKILL"]);
});

test("a suspended one obeys SIGTERM [STOP-03]", { skip }, async () => {
  const { how } = await descend("echo; kill -STOP $$; sleep 60", undefined, never, { terminateTimeoutMs: 5000 });
  assert.equal(how, "terminated");
});

test("steps of 0 ms are left out, and an abort goes straight to SIGKILL [STOP-05]", { skip }, async () => {
  const none = await descend(stays, hang, never, { shutdownTimeoutMs: 0, terminateTimeoutMs: 0 });
  assert.deepEqual(none.steps, ["sigkill"]);
  const hurried = await descend(stays, hang, AbortSignal.timeout(50), { shutdownTimeoutMs: 600_000 });
  assert.deepEqual([hurried.how, hurried.steps], ["killed", ["shutdown", "sigkill"]]);
});

test("signals reach the whole group, and only it [HOST-02] [STOP-03]", { skip }, async () => {
  const child = await run("sleep 60 & echo $!; wait");
  const grandchild = child.pid + 1;
  assert.ok(isProcessAlive(grandchild));
  await climbDown({ process: child, shutdown: undefined }, timeouts, never);
  child.signalGroup("SIGKILL");
  for (let i = 0; i < 100 && isProcessAlive(grandchild); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isProcessAlive(grandchild), false);
  child.release();
});
