import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually, isProcessAlive } from "@tenon/testkit";
import type { SpawnedProcess } from "../launch/plugin-process.js";
import { spawnProcess } from "../launch/spawn-process.js";
import { climbDown, type LadderSubject } from "./ladder.js";

const skip = process.platform === "win32" ? "no signals" : false;
const timeouts = { shutdownTimeoutMs: 100, terminateTimeoutMs: 5000, killTimeoutMs: 5000, drainTimeoutMs: 100 };
const never = new AbortController().signal;
const hang = () => new Promise(() => {});

/** Runs a shell script and waits for its first line. */
async function runToFirstLine(script: string): Promise<{ child: SpawnedProcess; line: string }> {
  const env = { PATH: process.env["PATH"] ?? "" };
  const child = await spawnProcess({ file: "/bin/sh", args: ["-c", script], env, cwd: "/", stdin: "lifeline" });
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return { child, line: chunk.toString().trim() };
}

async function descend(script: string, shutdown: LadderSubject["shutdown"], signal = never, overrides = {}) {
  const { child } = await runToFirstLine(script);
  const result = await climbDown({ process: child, shutdown }, { ...timeouts, ...overrides }, signal);
  child.release();
  assert.equal(isProcessAlive(child.pid), false);
  return { how: result.how, steps: result.steps.map(({ step }) => step), exit: child.exit, notes: result.steps };
}

const stays = "echo; sleep 60";
const ignoresTerm = "trap '' TERM; echo; while :; do sleep 0.05; done";

test("a process that ends when asked needs no signal [STOP-01]", { skip }, async () => {
  const { child } = await runToFirstLine("echo; read x; exit 4");
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
  const { how, steps, exit } = await descend(ignoresTerm, hang, never, { terminateTimeoutMs: 100 });
  assert.deepEqual([how, steps, exit?.signal], ["killed", ["shutdown", "sigterm", "sigkill"], "SIGKILL"]);
});

test("a suspended one obeys SIGTERM [STOP-03]", { skip }, async () => {
  const { how } = await descend("echo; kill -STOP $$; sleep 60", undefined);
  assert.equal(how, "terminated");
});

test("steps of 0 ms are left out, and an abort goes straight to SIGKILL [STOP-05]", { skip }, async () => {
  const none = await descend(stays, hang, never, { shutdownTimeoutMs: 0, terminateTimeoutMs: 0 });
  assert.deepEqual(none.steps, ["sigkill"]);
  const hurried = await descend(stays, hang, AbortSignal.timeout(50), { shutdownTimeoutMs: 600_000 });
  assert.deepEqual([hurried.how, hurried.steps], ["killed", ["shutdown", "sigkill"]]);
});

test("signals reach the whole group, and only it [HOST-02] [STOP-03]", { skip }, async () => {
  const { child, line } = await runToFirstLine("sleep 60 & echo $!; wait");
  const grandchild = Number(line);
  assert.ok(isProcessAlive(grandchild));
  await climbDown({ process: child, shutdown: undefined }, timeouts, never);
  child.signalGroup("SIGKILL");
  await eventually(() => !isProcessAlive(grandchild), { what: "the end of the grandchild" });
  child.release();
});
