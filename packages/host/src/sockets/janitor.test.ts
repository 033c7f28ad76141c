import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { eventually, isProcessAlive } from "@tenon/testkit";
import { startJanitor } from "./janitor.js";

const namesIn = (base: string): Set<string> => new Set(readdirSync(base, { recursive: true, encoding: "utf8" }));

const skip = process.platform === "win32" ? "needs a shell" : false;

async function makeBase(t: TestContext): Promise<{ base: string; listen: (path: string) => Promise<void> }> {
  const base = mkdtempSync("/tmp/ja");
  t.after(() => rmSync(base, { recursive: true }));
  const listen = async (path: string): Promise<void> => {
    const server = createServer();
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(path, resolve));
  };
  return { base, listen };
}

/** Has a process of its own start a janitor and end without a word. */
function startAndDie(prefixes: readonly string[]): void {
  const module = JSON.stringify(new URL("janitor.js", import.meta.url).href);
  const program = `import { startJanitor } from ${module};
    startJanitor(process.argv.slice(1)); process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program, ...prefixes]);
  assert.equal(signal, "SIGKILL");
}

test("when its host dies it removes sockets and directories of the host's names, odd characters or not [LIFE-20]", {
  skip,
}, async (t) => {
  const { base, listen } = await makeBase(t);
  const odd = join(base, "a [b] $c *");
  mkdirSync(odd);
  for (const directory of [join(base, "tenon-1-aone"), join(base, "tenon-1-atwo"), join(odd, "tenon-1-aone")]) {
    mkdirSync(directory);
    await listen(join(directory, "plugin 1"));
  }
  startAndDie([join(base, "tenon-1-a"), join(odd, "tenon-1-a")]);
  await eventually(() => readdirSync(base, { recursive: true }).length === 1);
});

test("it leaves other names, links, files, and what links lead to [LIFE-20]", { skip }, async (t) => {
  const { base, listen } = await makeBase(t);
  const elsewhere = join(base, "elsewhere");
  for (const name of ["elsewhere", "tenon-1-b", "tenon-1-akeeps", "tenon-1-agoes"]) mkdirSync(join(base, name));
  await listen(join(elsewhere, "s"));
  await listen(join(base, "tenon-1-b", "s"));
  symlinkSync(elsewhere, join(base, "tenon-1-alink"));
  writeFileSync(join(base, "tenon-1-akeeps", "notes"), "");
  symlinkSync(join(elsewhere, "s"), join(base, "tenon-1-akeeps", "link"));
  const before = namesIn(base);
  before.delete("tenon-1-agoes");
  startAndDie([join(base, "tenon-1-a")]);
  await eventually(() => !readdirSync(base).includes("tenon-1-agoes"));
  assert.deepEqual(namesIn(base), before);
});

test("ended by its host it is gone and has removed nothing", { skip }, async (t) => {
  const { base } = await makeBase(t);
  mkdirSync(join(base, "tenon-1-a"));
  const janitor = startJanitor([join(base, "tenon-1-")]);
  await janitor.end();
  await janitor.end();
  assert.deepEqual(readdirSync(base), ["tenon-1-a"]);
});

test("when its host dies it ends groups whose leader is gone, and leaves those it was told to forget [LIFE-24]", {
  skip,
}, async (t) => {
  const module = JSON.stringify(new URL("janitor.js", import.meta.url).href);
  // Two shells that end and leave a sleep in their groups.
  const program = `import { spawn } from "node:child_process"; import { startJanitor } from ${module};
    const janitor = startJanitor([]);
    const groups = [1, 2].map(() => spawn("/bin/sh", ["-c", "sleep 300 & echo $!"], { detached: true, stdio: "pipe" }));
    const ended = groups.map((group) => new Promise((resolve) => group.once("exit", resolve)));
    const pids = await Promise.all(groups.map((group) => new Promise((resolve) => group.stdout.once("data", resolve))));
    await Promise.all(ended);
    for (const { pid } of groups) janitor.watch(pid);
    janitor.forget(groups[1].pid);
    process.stdout.write(pids.join(" "), () => process.kill(process.pid, "SIGKILL"));`;
  const host = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  host.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await once(host, "exit");
  host.stdout.destroy();
  const [watched, forgotten] = printed.trim().split(/\s+/).map(Number) as [number, number];
  t.after(() => process.kill(forgotten, "SIGKILL"));
  await eventually(() => !isProcessAlive(watched));
  assert.ok(isProcessAlive(forgotten));
});
