import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { createHost } from "@tenon/host";
import { startForDevelopers, startOrAttach, survivor } from "./attach.js";

const plugin = `${import.meta.dirname}/plugin.js`;

test("the host of the guide finds its plugin again after a restart", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "attach-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "words.json");
  const launch = { ...survivor, process: [process.execPath, plugin] } as const;

  const first = createHost();
  const { pid } = await startOrAttach(first, launch, file);
  await first.stop();

  await using second = createHost();
  const session = await startOrAttach(second, launch, file);
  assert.equal(session.pid, pid);
  assert.equal((await session.client("words").count({ text: "still there" })).words, 2);
  assert.equal((await session.stop()).how, "shutdown");

  const third = await startOrAttach(second, launch, file);
  assert.notEqual(third.pid, pid);
  await third.stop();
});

test("the host of the guide attaches to a plugin that a developer runs", async (t) => {
  const child = spawn(process.execPath, [plugin, "--tenon-test"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const [, json] = /^TENON_REATTACH='(.*)'$/.exec(line) ?? [];
  process.env["TENON_REATTACH"] = json;
  t.after(() => delete process.env["TENON_REATTACH"]);
  await using host = createHost();
  const session = await startForDevelopers(host, { process: ["no-such-program"] });
  assert.equal(session.pid, child.pid);
  assert.equal((await session.stop()).how, "detached");
  assert.equal(child.exitCode, null);
});
