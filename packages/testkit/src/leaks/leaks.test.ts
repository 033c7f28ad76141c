import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, closeSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../timing.js";
import { assertNoLeaks } from "./assert-no-leaks.js";
import { isProcessAlive, listDescendants, readProcess } from "./processes.js";
import { snapshotResources } from "./snapshot.js";

const skip = process.platform === "linux" ? false : "needs /proc";
const directory = mkdtempSync(join(tmpdir(), "leaks-"));
const watch = { temporaryDirectories: [directory] };
test.after(() => rmSync(directory, { recursive: true }));

test("nothing is reported when nothing is left", async () => {
  await assertNoLeaks(snapshotResources(watch), { graceMs: 0 });
});

test("a child process is reported with its command, and no more once it is gone", { skip }, async () => {
  const before = snapshotResources(watch);
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(child, "spawn");
  await assert.rejects(assertNoLeaks(before, { graceMs: 0 }), /process: \d+@\d+ \S+ sleep 60/);
  child.kill();
  await assertNoLeaks(before);
});

test("an orphan adopted by init is found by the mark in its environment", { skip }, async () => {
  const value = `m${process.pid}`;
  const env = { ...process.env, LEAK_TEST_MARK: value };
  const options = { ...watch, environmentMark: `LEAK_TEST_MARK=${value}` };
  const before = snapshotResources(options);
  const parent = spawn("sh", ["-c", "sleep 60 & echo $!"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const orphan = Number(line.toString());
  parent.stdout.destroy();
  await eventually(() => parent.exitCode !== null && readProcess(orphan)?.parentPid !== parent.pid);
  assert.ok(!listDescendants(process.pid).some(({ pid }) => pid === orphan));
  await assert.rejects(assertNoLeaks(before, { graceMs: 0 }), /sleep 60/);
  process.kill(orphan, "SIGKILL");
  await assertNoLeaks(before);
});

test("a zombie does not count as alive", { skip }, async (t) => {
  // The shell is replaced before its child ends, so nobody waits for the child.
  const script = "sleep 0.2 & echo $!; exec sleep 60";
  const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const zombie = Number(line.toString());
  await eventually(() => readProcess(zombie)?.state === "Z");
  assert.equal(isProcessAlive(zombie), false);
  assert.equal(isProcessAlive(parent.pid!), true);
  assert.equal(isProcessAlive(parent.pid!, 1), false);
  parent.kill("SIGKILL");
  await once(parent, "close");
});

test("an open file, a timer, a socket and a temporary directory are reported", { skip }, async () => {
  const before = snapshotResources(watch);
  const file = openSync(join(directory, "held"), "w");
  const timer = setTimeout(() => {}, 60_000);
  const server = createServer().listen(join(directory, "s"));
  await once(server, "listening");
  mkdirSync(join(directory, "tenon-x"));
  await assert.rejects(assertNoLeaks(before, { graceMs: 0 }), (error: Error) => {
    for (const line of [
      `open descriptor: ${join(directory, "held")}`,
      "active resource: Timeout",
      "active resource: PipeWrap",
      `bound socket: ${join(directory, "s")}`,
      `temporary entry: ${join(directory, "s")}`,
      `temporary entry: ${join(directory, "tenon-x")}`,
    ]) {
      assert.ok(error.message.includes(line), `${line} is missing in ${error.message}`);
    }
    return true;
  });
  await assert.rejects(assertNoLeaks(before, { graceMs: 0, ignoredKinds: ["open descriptor"] }), (error: Error) => {
    assert.ok(!error.message.includes("open descriptor"));
    return true;
  });
  clearTimeout(timer);
  closeSync(file);
  server.close();
  rmSync(join(directory, "tenon-x"), { recursive: true });
  await assertNoLeaks(before);
});
