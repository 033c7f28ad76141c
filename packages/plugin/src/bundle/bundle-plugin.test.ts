import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { parseHandshakeLine } from "@tenon/core";
import { createChannel } from "@tenon/wire";
import { cookie, KV } from "../kv.testing.js";
import { runBundleCommand, usage } from "./command.js";

const limit = { timeout: 60_000 };
const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).pathname);

/** A plugin that says where it is, and imports a module of Node late. */
const source = `
import { basename } from "node:path";
import { implement, runPlugin } from ${module("../index.js")};
import { echo, kv } from ${module("../kv.testing.js")};
const get = async ({ key }) => {
  const { createHash } = await import("node:crypto");
  return { key: basename(new URL(import.meta.url).pathname), value: createHash("sha256").update(key).digest() };
};
const plugin = implement(kv, { kv: { ...echo, get } });
export default plugin;
await runPlugin(plugin, import.meta);`;

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "tenon-bundle-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "plugin.js"), source);
  return folder;
}

async function bundle(cwd: string, args: readonly string[], v8 = process.versions.v8) {
  const output = { stdout: "", stderr: "" };
  const code = await runBundleCommand({
    args,
    cwd,
    v8,
    arch: process.arch,
    node: process.execPath,
    env: process.env,
    stdout: (text) => void (output.stdout += text),
    stderr: (text) => void (output.stderr += text),
  });
  return { code, ...output };
}

/** Starts a bundled plugin, asks it for a value, and ends it. */
async function ask(t: TestContext, file: string, folder: string) {
  const env = { PATH: process.env["PATH"], TMPDIR: folder, [cookie.key]: cookie.value, PLUGIN_PROTOCOL_VERSIONS: "1" };
  const child = spawn(process.execPath, [file], { env, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const channel = createChannel(connect(parseHandshakeLine(line.trim()).address));
  t.after(() => channel.destroy());
  const answer = await createClient(KV, channel.transport).get({ key: "k" });
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
  return answer;
}

test("bundles a plugin that starts as it is and in its compiled form", limit, async (t) => {
  const folder = makeFolder(t);
  for (const [args, v8, files] of [
    [
      ["--out-dir", "a"],
      process.versions.v8,
      ["plugin.cjs", "plugin.script", `plugin.${process.versions.v8}-${process.arch}.cache`],
    ],
    [["--out-dir", "b", "--no-compile"], process.versions.v8, ["plugin.cjs", "plugin.script"]],
    // The compiled form of another V8 is not looked at.
    [["--out-dir", "c"], "0.0", ["plugin.cjs", "plugin.script", `plugin.0.0-${process.arch}.cache`]],
  ] as const) {
    const file = join(folder, args[1], "plugin.cjs");
    assert.deepEqual(await bundle(folder, ["plugin.js", ...args], v8), { code: 0, stdout: `${file}\n`, stderr: "" });
    assert.deepEqual(readdirSync(join(folder, args[1])).toSorted(), [...files].toSorted());
    const { key, value } = await ask(t, file, folder);
    assert.deepEqual([key, value.length], ["plugin.cjs", 32]);
  }
});

test("with a trial start compiles what a start uses, and starts as it does without", limit, async (t) => {
  const folder = makeFolder(t);
  const sizeOf = (outDir: string) =>
    statSync(join(folder, outDir, `plugin.${process.versions.v8}-${process.arch}.cache`)).size;
  await bundle(folder, ["plugin.js", "--out-dir", "all"]);
  const used = await bundle(folder, ["plugin.js", "--out-dir", "used", "--trial-start"]);
  assert.deepEqual(used, { code: 0, stdout: `${join(folder, "used/plugin.cjs")}\n`, stderr: "" });
  assert.ok(sizeOf("used") < sizeOf("all") * 0.75, `${sizeOf("used")} of ${sizeOf("all")} bytes`);
  const { key, value } = await ask(t, join(folder, "used/plugin.cjs"), folder);
  assert.deepEqual([key, value.length], ["plugin.cjs", 32]);
});

test("says why a plugin did not pass its trial start, and leaves it without a compiled form", limit, async (t) => {
  const folder = makeFolder(t);
  const runs = `await runPlugin(implement(kv, { kv: echo }), import.meta, { cleanUp() { throw new Error("not today"); } });`;
  for (const [name, text, expected] of [
    ["throws", 'throw new Error("no database");', /before its handshake line.*\n[^]*Error: no database/],
    ["quiet", "", /it ended before its handshake line/],
    ["unclean", `${source.split("const get")[0]}${runs}`, /ended with exit code 1[^]*not today/],
  ] as const) {
    writeFileSync(join(folder, `${name}.js`), text);
    const { code, stderr } = await bundle(folder, [`${name}.js`, "--trial-start"]);
    assert.equal(code, 1);
    assert.match(stderr, expected);
    assert.deepEqual(
      readdirSync(join(folder, "bundle"))
        .filter((each) => each.startsWith(`${name}.`))
        .toSorted(),
      [`${name}.cjs`, `${name}.script`],
    );
  }
});

test("keeps the compiled forms for other V8s only while they are of the same script", limit, async (t) => {
  const folder = makeFolder(t);
  const caches = () => readdirSync(join(folder, "bundle")).filter((name) => name.endsWith(".cache")).length;
  for (const v8 of ["1.0", "2.0", "2.0"]) await bundle(folder, ["plugin.js"], v8);
  assert.equal(caches(), 2);
  writeFileSync(join(folder, "plugin.js"), source.replace("sha256", "sha384"));
  await bundle(folder, ["plugin.js"], "3.0");
  assert.equal(caches(), 1);
});

test("gives its plugin to who imports the bundle", limit, async (t) => {
  const folder = makeFolder(t);
  await bundle(folder, ["plugin.js"]);
  const imported = (await import(join(folder, "bundle/plugin.cjs"))) as { default: { contract: { name: string } } };
  assert.equal(imported.default.contract.name, "kv");
});

test("leaves out the packages that it is told to", limit, async (t) => {
  const folder = makeFolder(t);
  writeFileSync(
    join(folder, "addon.js"),
    'import addon from "some-addon"; console.log(addon.answer, await import("late-addon"));',
  );
  const { code } = await bundle(folder, ["addon.js", "--external", "some-addon", "--external", "late-addon"]);
  assert.equal(code, 0);
  await assert.rejects(import(join(folder, "bundle/addon.cjs")), /Cannot find module 'some-addon'/);
});

test("ends with an error where its plugin does, early or late", limit, async (t) => {
  const folder = makeFolder(t);
  for (const [name, text] of [
    ["early", 'throw new Error("at once");'],
    ["late", 'await null; throw new Error("at once");'],
  ] as const) {
    writeFileSync(join(folder, `${name}.js`), text);
    await bundle(folder, [`${name}.js`]);
    const file = join(folder, `bundle/${name}.cjs`);
    const { status, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /Error: at once/);
  }
  await assert.rejects(import(join(folder, "bundle/early.cjs")), /at once/);
  // Who imports it has it by then.
  const importer = `import(${JSON.stringify(join(folder, "bundle/late.cjs"))}).then(() => setTimeout(() => {}, 100))`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", importer], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /Error: at once/);
});

test("says what is wrong with its arguments", async (t) => {
  const folder = makeFolder(t);
  assert.deepEqual(await bundle(folder, ["--help"]), { code: 0, stdout: usage, stderr: "" });
  for (const args of [[], ["a.js", "b.js"], ["a.js", "--nothing"], ["a.js", "--trial-start", "--no-compile"]]) {
    const { code, stdout, stderr } = await bundle(folder, args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.ok(stderr.startsWith("tenon-bundle: ") && stderr.endsWith(usage), stderr);
  }
});
