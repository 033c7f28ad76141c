import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { assertNoLeaks, eventually, snapshotResources } from "@tenon/testkit";
import { buildGo } from "./build.js";
import { findGo } from "./find.js";

/** A Go module in a folder of its own that goes with the test. */
function makeModule(t: TestContext, { go = "1.24.0", main = "func main() {}" } = {}): string {
  const module = mkdtempSync(join(tmpdir(), "tenon-go-"));
  t.after(() => rmSync(module, { recursive: true, force: true }));
  mkdirSync(join(module, "hello"));
  writeFileSync(join(module, "go.mod"), `module hello.example\n\ngo ${go}\n`);
  writeFileSync(join(module, "hello", "main.go"), `package main\n\n${main}\n`);
  return module;
}

/** Makes the rest of the test see an environment variable with another value. */
function setVariable(t: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

/** Whether the test can run. Without Go it is skipped visibly; with CI=true it fails. */
async function hasGo(t: TestContext, module: string): Promise<boolean> {
  const { missing } = await findGo(module);
  if (missing === undefined) return true;
  assert.notEqual(process.env["CI"], "true", missing);
  t.skip(missing);
  return false;
}

const packages = ["./hello"];

test("builders at the same time share one build, and a later one finds it", async (t) => {
  const module = makeModule(t);
  if (!(await hasGo(t, module))) return;
  const [first, second] = await Promise.all([buildGo({ module, packages }), buildGo({ module, packages })]);
  assert.equal(first.folder, second.folder);
  assert.deepEqual(readdirSync(join(module, ".cache")), [first.folder!.split("/").at(-1)]);
  execFileSync(join(first.folder!, "hello"));
  const { mtimeMs } = statSync(join(first.folder!, "hello"));
  await buildGo({ module, packages });
  assert.equal(statSync(join(first.folder!, "hello")).mtimeMs, mtimeMs);
});

test("changed sources are built anew", async (t) => {
  const module = makeModule(t);
  if (!(await hasGo(t, module))) return;
  const before = await buildGo({ module, packages });
  writeFileSync(join(module, "hello", "main.go"), "package main\n\nfunc main() { println(1) }\n");
  const after = await buildGo({ module, packages });
  assert.notEqual(after.folder, before.folder);
});

test("a failed build rejects with the compiler's words and leaves nothing", async (t) => {
  const module = makeModule(t, { main: "func main() { nonsense() }" });
  if (!(await hasGo(t, module))) return;
  await assert.rejects(buildGo({ module, packages }), /undefined: nonsense/);
  assert.deepEqual(readdirSync(join(module, ".cache")), []);
});

test("an aborted build rejects, and neither a compiler nor a file is left", async (t) => {
  const module = makeModule(t);
  if (!(await hasGo(t, module))) return;
  setVariable(t, "GOCACHE", join(module, ".cache", "go")); // Empty, so that there is enough to compile.
  const before = snapshotResources();
  const abort = new AbortController();
  const building = buildGo({ module, packages, signal: abort.signal });
  building.catch(() => {});
  // The compiler's own folder tells that it is at work.
  await eventually(() =>
    readdirSync(join(module, ".cache"), { recursive: true }).some((file) => /tmp.go-build/.test(String(file))),
  );
  abort.abort(new Error("enough"));
  await assert.rejects(building, /enough/);
  await assertNoLeaks(before);
  // The compiler may not have come to make its own cache.
  const left = readdirSync(join(module, ".cache")).filter((name) => name !== "go");
  assert.deepEqual(left, []);
});

test("what a killed builder left behind goes with the next build", async (t) => {
  const module = makeModule(t);
  if (!(await hasGo(t, module))) return;
  mkdirSync(join(module, ".cache", "making-999999999-abc"), { recursive: true });
  const { folder } = await buildGo({ module, packages });
  assert.deepEqual(readdirSync(join(module, ".cache")), [folder!.split("/").at(-1)]);
});

test("without go there is a sentence, and with CI=true a failure", async (t) => {
  const module = makeModule(t);
  setVariable(t, "PATH", "/nowhere");
  setVariable(t, "CI", "");
  assert.deepEqual(await buildGo({ module, packages }), { missing: "skipped: go not found on the PATH" });
  setVariable(t, "CI", "true");
  await assert.rejects(buildGo({ module, packages }), /go not found on the PATH \(with CI=true that is a failure\)/);
});

test("a go that is too old counts as missing", async (t) => {
  const module = makeModule(t, { go: "1.999.0" });
  if (!(await hasGo(t, makeModule(t)))) return;
  setVariable(t, "GOTOOLCHAIN", "local");
  const { missing } = await findGo(module);
  assert.match(missing ?? "", /requires go|too old/);
});
