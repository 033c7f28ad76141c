import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Build, buildOnce, cache } from "./build-once.js";

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
