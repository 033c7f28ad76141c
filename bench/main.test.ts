import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import { assertNoLeaks, snapshotResources } from "@tenon/testkit";
import type { Row } from "./lib/group.js";
import { goPrograms } from "./lib/programs.js";

const main = fileURLToPath(new URL("main.js", import.meta.url));
const quick = ["--rounds", "1", "--seconds", "0.05"];

/** Runs the benchmark in a private temporary directory, and fails when it leaves something there or running. */
async function bench(t: TestContext, args: readonly string[], interruptAt?: RegExp) {
  const folder = mkdtempSync("/tmp/tb-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const before = snapshotResources({ environmentMark: `TENON_BENCH=${folder}`, temporaryDirectories: [folder] });
  const env = { ...process.env, TENON_BENCH: folder, TMPDIR: folder };
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => {
    if (interruptAt?.test(chunk.toString())) child.kill("SIGINT");
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  await assertNoLeaks(before, { graceMs: 5000, ignoredKinds: ["active resource", "open descriptor"] });
  return { folder, stdout, stderr, exitCode: exitCode as number | null };
}

interface Result {
  readonly machine: { readonly cpus: number; readonly node: string };
  readonly rows: readonly Row[];
  readonly ratios: Readonly<Record<string, number>>;
}

function readResult(folder: string): Result {
  return JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as Result;
}

test("the group calls measures every row and writes JSON and a picture", async (t) => {
  const go = await buildGo(goPrograms);
  const args = ["--only", "calls", ...quick, "--json", "result.json", "--svg", "."];
  const { folder, stdout, stderr, exitCode } = await bench(t, args);
  assert.equal(exitCode, 0, stderr);
  const result = readResult(folder);
  const names = ["raw-socket", "tenon-tenon", "tenon-go", "go-tenon", "go-go", "grpc-js", "connect-node"];
  const expected = go.folder === undefined ? names.filter((name) => !/\bgo\b/.test(name)) : names;
  assert.deepEqual(
    result.rows.map(({ name, callers }) => `${name}@${callers}`),
    [1, 64].flatMap((callers) => expected.map((name) => `${name}@${callers}`)),
  );
  for (const row of result.rows) {
    assert.deepEqual(Object.keys(row), [
      "group",
      "name",
      "callers",
      "payloadBytes",
      "callsPerSecond",
      "p50Us",
      "p99Us",
    ]);
    assert.ok(Number(row["callsPerSecond"]) > 0, JSON.stringify(row));
  }
  assert.equal(result.machine.node, process.version);
  assert.ok(result.ratios["tenon-tenon/grpc-js@64"]! > 0);
  assert.ok(result.ratios["p50:tenon-tenon/raw-socket@1"]! > 0);
  assert.match(stdout, /tenon-tenon\/connect-node@64 .* (held|MISSED)/);
  const picture = readFileSync(join(folder, "bench-calls.svg"), "utf8");
  assert.equal(picture.match(/<rect/g)?.length, result.rows.length);
});

test("the group streams measures every row of both shapes", async (t) => {
  const go = await buildGo(goPrograms);
  const { folder, stdout, stderr, exitCode } = await bench(t, ["--only", "streams", ...quick, "--json", "result.json"]);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  const names = [
    ...["tenon-tenon", "tenon-go", "go-tenon", "go-go", "grpc-js", "connect-node"].map((name) => `${name}@small`),
    ...["raw-socket", "tenon-tenon", "go-go"].map((name) => `${name}@bulk`),
  ];
  assert.deepEqual(
    rows.map((row) => `${row.name}@${row["shape"]}`),
    go.folder === undefined ? names.filter((name) => !/\bgo\b/.test(name)) : names,
  );
  for (const row of rows) {
    assert.equal(row.group, "streams");
    const { messages, valueBytes, messagesPerSecond, bytesPerSecond } = row;
    for (const figure of [messages, valueBytes, messagesPerSecond, bytesPerSecond]) {
      assert.ok(Number(figure) > 0, JSON.stringify(row));
    }
  }
  assert.ok(ratios["tenon-tenon/raw-socket@bulk"]! > 0);
  assert.match(stdout, /tenon-tenon\/raw-socket@bulk .* (held|MISSED)/);
});

test("the group wire measures calls and memory of both ends", async (t) => {
  const { folder, stderr, exitCode } = await bench(t, ["--only", "wire", ...quick, "--json", "result.json"]);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  assert.deepEqual(
    rows.filter(({ name }) => name === "tenon-tenon").map((row) => row["shape"]),
    ["quiet", "beside-stream", "beside-idle", "plain", "headers", "large", "connection-memory", "stream-memory"],
  );
  for (const key of ["p99:tenon-tenon@beside-stream/quiet", "heapKiBPerConnection:tenon-tenon"]) {
    assert.ok(ratios[key]! > 0, key);
  }
});

test("the group start measures every row", async (t) => {
  const go = await buildGo(goPrograms);
  const { folder, stderr, exitCode } = await bench(t, ["--only", "start", ...quick, "--json", "result.json"]);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  const imports = ["import-nothing", "import-plugin", "import-host"];
  const names = ["node-empty", ...imports, "tenon-tenon", "tenon-tenon-mtls", "tenon-tenon-not-bundled"];
  const goNames = ["tenon-go", "go-go", "go-tenon"].flatMap((name) => [name, `${name}-mtls`]);
  assert.deepEqual(
    rows.map(({ name }) => name).toSorted(),
    [...names, ...(go.folder === undefined ? [] : goNames)].toSorted(),
  );
  for (const row of rows) assert.ok(Number(row["p50Ms"]) > 0, JSON.stringify(row));
  for (const key of ["tenon-tenon/node-empty", "import-host/node-empty", "import-plugin/node-empty"]) {
    assert.ok(ratios[key]! > 0, key);
  }
  for (const key of ["importMs:plugin", "importMs:host"]) assert.ok(Number.isFinite(ratios[key]), key);
});

test("the group launchers measures every launcher and what it is made of", async (t) => {
  const go = await buildGo(goPrograms);
  const { folder, stdout, stderr, exitCode } = await bench(t, [
    "--only",
    "launchers",
    ...quick,
    "--json",
    "result.json",
  ]);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  const names = ["function-call", "inline", "post-message", "worker", "raw-socket", "process", "stdio"];
  if (go.folder !== undefined) names.push("pie-go");
  assert.deepEqual(
    rows.map(({ name, callers }) => `${name}@${callers}`),
    [1, 64].flatMap((callers) => names.map((name) => `${name}@${callers}`)),
  );
  for (const row of rows) assert.ok(Number(row["callsPerSecond"]) > 0, JSON.stringify(row));
  for (const key of ["inline/function-call@64", "worker/post-message@64", "p50:stdio/raw-socket@1"]) {
    assert.ok(ratios[key]! > 0, key);
  }
  assert.match(stdout, /worker\/post-message@64 .* (held|MISSED)/);
});

test("the group bind measures calls of what dials in, and how long that takes", async (t) => {
  const { folder, stdout, stderr, exitCode } = await bench(t, ["--only", "bind", ...quick, "--json", "result.json"]);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  const names = ["raw-socket", "process", "bind", "bind-unix", "bind-tls"];
  assert.deepEqual(
    rows.map(({ name, callers }) => (callers === undefined ? name : `${name}@${callers}`)),
    [
      ...[1, 64].flatMap((callers) => names.map((name) => `${name}@${callers}`)),
      "bind-mount",
      "bind-restart",
      "process-start",
    ],
  );
  for (const row of rows) assert.ok(Number(row["callsPerSecond"] ?? row["p50Ms"]) > 0, JSON.stringify(row));
  for (const key of ["bind/process@64", "p50:bind/process@64", "p50Ms:bind-restart"]) assert.ok(ratios[key]! > 0, key);
  assert.match(stdout, /bind\/process@64 .* (held|MISSED)/);
});

test("the group logs counts every record, and draws what they cost", async (t) => {
  const args = ["--only", "logs", ...quick, "--json", "result.json", "--svg", "."];
  const { folder, stderr, exitCode } = await bench(t, args);
  assert.equal(exitCode, 0, stderr);
  const { rows, ratios } = readResult(folder);
  const names = ["bind", "bind-neighbour", "process", "process-neighbour"];
  const shapes = ["quiet", "small-logs", "large-logs"];
  assert.deepEqual(
    rows.map(({ name, shape, callers }) => `${name}@${shape}@${callers}`),
    [1, 64].flatMap((callers) => names.flatMap((name) => shapes.map((shape) => `${name}@${shape}@${callers}`))),
  );
  for (const row of rows) {
    const offered = Number(row["offered"]);
    const counted = Number(row["taken"]) + Number(row["dropped"]);
    // Standard error tells of what it has dropped with the record after it, and there may be none.
    assert.ok(row.name.startsWith("bind") ? offered === counted : offered >= counted, JSON.stringify(row));
    assert.equal(offered > 0, row["shape"] !== "quiet", JSON.stringify(row));
  }
  assert.equal(ratios["uncountedRecords:bind"], 0);
  assert.ok(ratios["p99:bind@large-logs/quiet@64"]! > 0);
  const picture = readFileSync(join(folder, "bench-logs.svg"), "utf8");
  assert.equal(picture.match(/<rect/g)?.length, 2 * rows.length);
});

test("Ctrl-C in the middle of a measurement stops everything", async (t) => {
  const rows = "raw-socket,tenon-tenon,grpc-js";
  const { exitCode, stderr } = await bench(t, ["--only", "calls", "--rows", rows, "--seconds", "1"], /round 1/);
  assert.equal(exitCode, 130, stderr);
});

test("an unknown group and a bad option are refused with a sentence", async (t) => {
  const unknown = await bench(t, ["--only", "nonsense"]);
  assert.deepEqual([unknown.exitCode, unknown.stderr], [1, "bench: there is no group called nonsense\n"]);
  const bad = await bench(t, ["--rounds", "none"]);
  assert.deepEqual([bad.exitCode, bad.stderr], [1, "bench: --rounds must be a whole number from 1, not none\n"]);
});
