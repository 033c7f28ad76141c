import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";

const main = fileURLToPath(new URL("main.js", import.meta.url));

/**
 * Runs the example to its end, after which nothing of it may be left. Resolves with its exit code and what it has printed. `act` is called with
 * what it has printed so far, until it returns true.
 */
async function run(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
  act: (stdout: string, child: ChildProcess) => boolean = () => true,
) {
  const folder = mkdtempSync("/tmp/remote-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const before = snapshotResources({ environmentMark: `REMOTE_STORY=${folder}`, temporaryDirectories: [folder] });
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, REMOTE_STORY: folder, TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  let hasActed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    hasActed ||= act(stdout, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [exitCode] = (await once(child, "close")) as [number | null];
  await assertNoLeaks(before, { graceMs: 20_000, ignoredKinds: ["active resource", "open descriptor"] });
  return { exitCode, stdout, stderr };
}

/** Kinds of the events of a plugin, in their order, but that it was silent for a moment: machines that run tests are busy. */
function eventsOf(stdout: string, plugin: string): string {
  const kinds = [...stdout.matchAll(new RegExp(`  event  ${plugin} +(\\w+)`, "g"))].map(([, kind]) => kind);
  return kinds.join(" ").replaceAll(" suspect resumed", "");
}

test("three plugins dial in, are called, cut off, killed, drained and kicked", async (t) => {
  const { exitCode, stdout, stderr } = await run(t);
  assert.deepEqual([exitCode, stderr], [0, ""], stdout);
  const lines = stdout.split("\n");
  t.diagnostic(lines[0]!);
  const has = (name: string) => !new RegExp(`^The plugin in ${name} is left out: `, "m").test(stdout);
  const plugins = ["kv-typescript", ...(has("Python") ? ["kv-python"] : []), ...(has("Go") ? ["kv-go"] : [])];
  const rows = lines.filter((line) => line.startsWith("kv-")).map((line) => line.split(/ {2,}/));
  assert.deepEqual(new Set(rows.map(([plugin]) => plugin)), new Set(plugins));
  for (const [, version, contract, from, methods, roundTrip] of rows) {
    assert.deepEqual([contract, methods], ["kv 1", "proto.KV/Get, proto.KV/Put"]);
    assert.match(`${version} ${from} ${roundTrip}`, /^1\.\d\.0 (10\.77\.\d\.2|127\.0\.0\.1):\d+ [\d.]+ ms$/);
  }
  const addresses = new Set(rows.map(([, , , from]) => from!.split(":")[0]));
  assert.equal(addresses.size, stdout.startsWith("Host and plugins have") ? plugins.length : 1);
  for (const plugin of plugins) assert.match(stdout, new RegExp(`  call   ${plugin} +"hello, ${plugin}`));
  assert.match(stdout, /  log    kv-typescript  info stored greeting .*"callId":"first-call"/);
  assert.equal(eventsOf(stdout, "kv-admin"), "rejected");
  assert.match(eventsOf(stdout, "kv-typescript"), /^mounted ready suspect lost resumed ready /);
  assert.match(stdout, /  call   kv-typescript  "worth the wait"\n/);
  assert.match(stdout, /unmounted: the plugin got SIGTERM\n/);
  if (has("Python")) {
    // Once from each of its processes.
    assert.equal([...stdout.matchAll(/ {2}log {4}kv-python +info stored greeting .*"callId":"first-call"/g)].length, 2);
    assert.equal(eventsOf(stdout, "kv-python"), "mounted ready lost resumed ready unmounted");
  }
  if (has("Go")) assert.match(stdout, /event  kv-go +unmounted: the operator does not want it any more\n/);
  assert.match(stdout, /\nEvery plugin has ended, and what was made for them is gone\.\n$/);
});

test("without namespaces, Go and Python it says so, and does the rest on the loopback interface", async (t) => {
  const bin = mkdtempSync("/tmp/remote-bin-");
  t.after(() => rmSync(bin, { recursive: true }));
  symlinkSync(execFileSync("sh", ["-c", "command -v openssl"], { encoding: "utf8" }).trim(), join(bin, "openssl"));
  const { exitCode, stdout, stderr } = await run(t, { PATH: bin, CI: "" });
  assert.deepEqual([exitCode, stderr], [0, ""], stdout);
  assert.deepEqual(stdout.split("\n").slice(0, 3), [
    "Host and plugins share this machine's loopback interface: there is no unshare, which makes network namespaces on Linux.",
    "The plugin in Python is left out: python3 is not on the PATH.",
    "The plugin in Go is left out: go not found on the PATH.",
  ]);
  assert.match(stdout, /^kv-typescript {2}1\.0\.0 {4}kv 1 {6}127\.0\.0\.1:/m);
  const expected = "mounted ready suspect lost resumed ready lost resumed ready draining unmounted";
  assert.equal(eventsOf(stdout, "kv-typescript"), expected);
});

/** What ends the example before its time, and its exit code then. */
const ends = {
  SIGINT: [(child) => child.kill("SIGINT"), 130],
  SIGTERM: [(child) => child.kill("SIGTERM"), 143],
  SIGKILL: [(child) => child.kill("SIGKILL"), null],
  "a reader that goes away": [(child) => child.stdout!.destroy() !== null, 1],
} as const satisfies Record<string, readonly [(child: ChildProcess) => boolean, number | null]>;

for (const [what, [end, expected]] of Object.entries(ends)) {
  test(`${what} in the middle of it leaves nothing behind`, async (t) => {
    const { exitCode, stderr } = await run(t, {}, (stdout, child) => stdout.includes("mounted:") && end(child));
    assert.deepEqual([exitCode, stderr], [expected, "Stopped; nothing was left behind.\n"]);
  });
}
