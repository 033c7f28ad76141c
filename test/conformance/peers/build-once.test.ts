import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Build, buildOnce, cache, runTool } from "./build-once.js";

/** A build of a name of its own, whose leftovers go with the test. */
function makeBuild(
  t: TestContext,
  make: Build["make"],
  tools: Build["tools"] = [[process.execPath, "--version"]],
): Build {
  const name = `build-once-${process.pid}-${Math.random().toString(36).slice(2)}`;
  t.after(async () => {
    for (const entry of existing(name)) await rm(join(cache, entry), { recursive: true, force: true });
  });
  return { name, tools, inputs: ["test/conformance/rust"], make };
}

function existing(name: string): string[] {
  return existsSync(cache) ? readdirSync(cache).filter((entry) => entry.startsWith(name)) : [];
}

/** Makes the rest of the test see CI with another value. */
function setCi(t: TestContext, value: string): void {
  const before = process.env["CI"] ?? "";
  process.env["CI"] = value;
  t.after(() => {
    process.env["CI"] = before;
  });
}

test("builders at the same time share one build, and a later one finds it", async (t) => {
  let made = 0;
  const build = makeBuild(t, async (folder) => {
    made += 1;
    assert.ok(existsSync(join(folder, "test/conformance/rust/Cargo.toml")), "the inputs are there");
    await sleep(50);
    writeFileSync(join(folder, "result"), "");
  });
  const [first, second] = await Promise.all([buildOnce(build), buildOnce(build)]);
  const third = await buildOnce(build);
  assert.deepEqual([first.folder, first.folder], [second.folder, third.folder]);
  assert.ok(existsSync(join(first.folder!, "result")));
  assert.equal(made, 1);
  assert.deepEqual(existing(build.name), [first.folder!.slice(cache.length + 1)], "no lock and no half-made folder");
});

test("a build of other tools takes the place of the older one, and of nothing else", async (t) => {
  const build = makeBuild(t, () => Promise.resolve());
  const other = { ...build, name: `${build.name}-other` };
  const { folder: older } = await buildOnce(build);
  const { folder: others } = await buildOnce(other);
  const { folder: newer } = await buildOnce({ ...build, tools: [[process.execPath, "-p", "1"]] });
  assert.notEqual(newer, older);
  assert.deepEqual(
    [older, others, newer].map((folder) => existsSync(folder!)),
    [false, true, true],
  );
});

/** A program that fails until it has been run this many times. */
function makeFlaky(t: TestContext, works: number): { args: readonly string[]; runs: () => number } {
  const folder = mkdtempSync(join(tmpdir(), "tenon-build-"));
  t.after(() => rm(folder, { recursive: true }));
  const log = join(folder, "runs");
  const code = `const { appendFileSync, readFileSync } = require("node:fs");
    appendFileSync(process.argv[1], "x");
    if (readFileSync(process.argv[1]).length < ${works}) { console.error("no route"); process.exit(1); }`;
  return { args: ["--eval", code, log], runs: () => readFileSync(log).length };
}

test("a command that fails for a moment runs again, and standard error tells", async (t) => {
  const { args, runs } = makeFlaky(t, 3);
  const write = t.mock.method(process.stderr, "write", () => true);
  await runTool(process.execPath, args, {}, [1, 1]);
  const told = write.mock.calls.map(({ arguments: [text] }) => String(text));
  write.mock.restore();
  assert.equal(runs(), 3);
  assert.equal(told.filter((text) => text.endsWith("no route\nIt runs again in 1 ms.\n")).length, 2);
});

test("a command that goes on failing rejects with its words after the last pause", async (t) => {
  const { args, runs } = makeFlaky(t, 9);
  t.mock.method(process.stderr, "write", () => true);
  await assert.rejects(runTool(process.execPath, args, {}, [1, 1]), /--eval failed:\nno route$/);
  assert.equal(runs(), 3);
});

test("outside CI a command that fails is not run again", async (t) => {
  const { args, runs } = makeFlaky(t, 2);
  setCi(t, "");
  await assert.rejects(runTool(process.execPath, args), /no route$/);
  assert.equal(runs(), 1);
});

test("a lock whose holder has died is taken over", async (t) => {
  const build = makeBuild(t, () => Promise.resolve());
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, `${build.name}.lock`), "999999999");
  assert.ok((await buildOnce(build)).folder);
});

test("a failed build leaves nothing and is a sentence, with CI=true a failure", async (t) => {
  const build = makeBuild(t, () => Promise.reject(new Error("out of cheese")));
  setCi(t, "");
  assert.deepEqual(await buildOnce(build), { missing: `no ${build.name}: out of cheese` });
  assert.deepEqual(existing(build.name), []);
  setCi(t, "true");
  await assert.rejects(buildOnce(build), /out of cheese/);
});

test("a missing tool is a sentence, with CI=true a failure", async (t) => {
  const build = makeBuild(t, () => Promise.resolve(), [["no-such-tool", "--version"]]);
  setCi(t, "");
  assert.match((await buildOnce(build)).missing!, /no-such-tool is not on the PATH or does not work$/);
  setCi(t, "true");
  await assert.rejects(buildOnce(build), /no-such-tool is not on the PATH/);
});
