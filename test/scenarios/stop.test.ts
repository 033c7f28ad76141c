import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createHost, type StopOptions } from "@tenon/host";
import { eventually, isProcessAlive, withTimeout } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";
const plugin = { process: fixture("echo-plugin") };
const hello = { chunks: [Buffer.from("hello")] };
/** For plugins that are expected to obey: time enough on a busy machine. */
const patient: StopOptions = { shutdownTimeoutMs: 5000, drainTimeoutMs: 200 };
const short: StopOptions = {
  shutdownTimeoutMs: 300,
  terminateTimeoutMs: 300,
  killTimeoutMs: 3000,
  drainTimeoutMs: 200,
};

interface Ladder {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  readonly how: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly steps: readonly string[];
}

const ladders: readonly Ladder[] = [
  {
    title: "a plugin without controller gets SIGTERM at once [STOP-02] [STOP-03] [LIFE-14]",
    command: fixture("stubborn", "unimplemented", "sigterm-default"),
    how: "terminated",
    exitCode: null,
    signal: "SIGTERM",
    steps: ["shutdown", "sigterm"],
  },
  {
    title: "a plugin that never answers Shutdown gets SIGTERM [STOP-02] [STOP-03]",
    command: fixture("stubborn", "never", "sigterm-default"),
    how: "terminated",
    exitCode: null,
    signal: "SIGTERM",
    steps: ["shutdown", "sigterm"],
  },
  {
    title: "a plugin that acknowledges Shutdown and stays gets SIGTERM [STOP-03]",
    command: fixture("stubborn", "acknowledges", "sigterm-default"),
    how: "terminated",
    exitCode: null,
    signal: "SIGTERM",
    steps: ["shutdown", "sigterm"],
  },
  {
    title: "a plugin that ignores SIGTERM too gets SIGKILL [STOP-04]",
    command: fixture("stubborn", "never", "ignores-sigterm"),
    how: "killed",
    exitCode: null,
    signal: "SIGKILL",
    steps: ["shutdown", "sigterm", "sigkill"],
  },
];

describe("the stop ladder", { concurrency: 2 }, () => {
  for (const { title, command, how, exitCode, signal, steps } of ladders) {
    test(`${title} [STOP-08]`, async () => {
      await using host = createHost();
      const session = await host.start(echo, { process: command }, { autoMtls: false });
      const outcome = await withTimeout(session.stop(short), 8000, "stop");
      assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal], [how, exitCode, signal]);
      assert.deepEqual(
        outcome.steps.map(({ step }) => step).filter((step) => step !== "drain"),
        steps,
      );
      assert.equal(outcome.reason, "requested");
      assert.ok(outcome.elapsedMs > 0);
      if (how === "killed") assert.ok(outcome.stderrTail.includes("SIGTERM ignored"), outcome.stderrTail.join("\n"));
      assert.equal(isProcessAlive(session.pid), false);
    });
  }
});

test("a suspended plugin is ended all the same [STOP-03] [STOP-04]", { skip }, async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  process.kill(session.pid, "SIGSTOP");
  const outcome = await withTimeout(session.stop(short), 8000, "stop");
  assert.ok(["shutdown", "terminated", "killed"].includes(outcome.how), outcome.how);
  assert.equal(isProcessAlive(session.pid), false);
  await sandbox.assertClean();
});

test("a plugin that is busy gets SIGTERM and then SIGKILL [STOP-04]", async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  const spinning = session.client("chaos").spin({ ms: 20_000 });
  const failed = assert.rejects(spinning, (error: ConnectError) => error instanceof ConnectError);
  const outcome = await withTimeout(session.stop(short), 8000, "stop");
  assert.equal(outcome.how, "killed");
  await failed;
  await sandbox.assertClean();
});

test("a grandchild in the plugin's group does not hold the stop up, and is ended [STOP-06]", { skip }, async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  const { pid } = await session.client("chaos").fork({ detached: false });
  const outcome = await withTimeout(session.stop(patient), 8000, "stop");
  assert.equal(outcome.how, "shutdown");
  await eventually(() => !isProcessAlive(pid), { what: "the end of the grandchild" });
  await sandbox.assertClean();
});

test("a grandchild in a session of its own holds the pipes, and the stop does not wait for it [STOP-06]", {
  skip,
}, async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  const { pid } = await session.client("chaos").fork({ detached: true });
  const outcome = await withTimeout(session.stop(patient), 8000, "stop");
  assert.deepEqual([outcome.how, outcome.isDrained], ["shutdown", false]);
  assert.ok(isProcessAlive(pid), "it is none of the host's business");
  process.kill(pid, "SIGKILL");
  await sandbox.assertClean();
});

test("a shell that did not exec its plugin goes with it [STOP-01] [STOP-06]", async () => {
  await using host = createHost();
  const wrapped = ["sh", "-c", `"$@"; exit $?`, "sh", ...fixture("echo-plugin")] as [string, ...string[]];
  const session = await host.start(echo, { process: wrapped });
  const { pid } = await session.client("chaos").describe({});
  assert.notEqual(pid, session.pid);
  const outcome = await withTimeout(session.stop(patient), 8000, "stop");
  assert.deepEqual([outcome.how, outcome.exitCode], ["shutdown", 0]);
  assert.equal(isProcessAlive(pid), false);
  await sandbox.assertClean();
});

test("a plugin killed behind its shell's back ends the session [LIFE-15]", { skip }, async () => {
  await using host = createHost();
  const wrapped = ["sh", "-c", `"$@"; sleep 60`, "sh", ...fixture("echo-plugin")] as [string, ...string[]];
  const session = await host.start(echo, { process: wrapped }, { stop: short });
  const { pid } = await session.client("chaos").describe({});
  const call = session.client("echo").unary(hello, { headers: { "x-delay-ms": "30000" } });
  const failed = assert.rejects(call, (error: ConnectError) => error.code === Code.Unavailable);
  process.kill(pid, "SIGKILL");
  await failed;
  const outcome = await withTimeout(session.closed, 8000, "closed");
  assert.equal(outcome.reason, "connection-lost");
  await sandbox.assertClean();
});

test("stop may be called by many, all get the same outcome [STOP-07]", async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  const [first, second, closed] = await Promise.all([session.stop(), session.stop(short), session.closed]);
  assert.deepEqual(first, second);
  assert.deepEqual(first, closed);
  assert.deepEqual(await session.stop(), first);
});

test("each step can be left out or hurried [STOP-05]", async () => {
  await using host = createHost();
  const impatient = await host.start(echo, plugin);
  const killed = await impatient.stop({ shutdownTimeoutMs: 0, terminateTimeoutMs: 0 });
  assert.deepEqual([killed.how, killed.signal], ["killed", "SIGKILL"]);
  const polite = await host.start(echo, plugin);
  const terminated = await polite.stop({ shutdownTimeoutMs: 0 });
  assert.equal(terminated.how, "terminated");
  const aborted = await host.start(
    echo,
    { process: fixture("stubborn", "never", "ignores-sigterm") },
    { autoMtls: false },
  );
  const hurried = await withTimeout(aborted.stop({ signal: AbortSignal.timeout(100) }), 3000, "stop");
  assert.equal(hurried.how, "killed");
  await sandbox.assertClean();
});

test("on SIGTERM a plugin ends its calls, removes its socket and ends [PLUG-05]", async () => {
  await using host = createHost();
  const session = await host.start(echo, plugin);
  process.kill(session.pid, "SIGTERM");
  const outcome = await withTimeout(session.closed, 5000, "closed");
  assert.notEqual(outcome.reason, "requested");
  await sandbox.assertClean();
});
