import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kv } from "@tenon/example-kv/contract";
import { goExample } from "@tenon/example-kv/go";
import { createHost } from "@tenon/host";
import { eventually, isProcessAlive, listDescendants } from "@tenon/testkit";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const notLinux = process.platform === "linux" ? false : "needs /proc";
const { plugin, missing } = await goExample();
const skip = missing ?? notLinux;
const plugins = 3;

const directories = (): string[] => readdirSync(sandbox.directory).filter((name) => name.startsWith("tenon-"));

/** Runs a host with some plugins and ends it by a signal. Resolves when it and all that it started are gone. */
async function runAndKill(
  command: readonly string[],
  signal: "SIGKILL" | "SIGINT" = "SIGKILL",
  env: Record<string, string> = {},
): Promise<void> {
  const [file, ...args] = fixture("kv-host", `${plugins}`, ...command);
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
    cwd: sandbox.directory,
    env: { ...process.env, ...env },
  });
  const closed = once(child, "close");
  await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
  assert.equal(directories().length, plugins);
  const started = listDescendants(child.pid!);
  const janitors = started.filter((each) => each.command.includes("tenon-janitor"));
  assert.equal(janitors.length, env["JANITOR"] === "0" ? 0 : 1);
  assert.equal(started.length, plugins + janitors.length);
  // The whole group, as a terminal does it.
  process.kill(-child.pid!, signal);
  await closed;
  await eventually(() => started.every(({ pid, startTicks }) => !isProcessAlive(pid, startTicks)), {
    what: "the end of all that the host started",
    timeoutMs: 5000,
  });
}

test("20 times, plugins made with go-plugin: no process, socket or directory is left [LIFE-20]", { skip }, async () => {
  for (let i = 0; i < 20; i++) {
    await runAndKill([plugin!]);
    assert.deepEqual(readdirSync(sandbox.directory), []);
  }
  await sandbox.assertClean();
});

test("20 times, TypeScript plugins: no process, socket or directory is left [LIFE-20]", {
  skip: notLinux,
}, async () => {
  for (let i = 0; i < 20; i++) {
    await runAndKill(kvPlugin());
    assert.deepEqual(readdirSync(sandbox.directory), []);
  }
  await sandbox.assertClean();
});

test("Ctrl-C, for a host that does not handle it, leaves nothing either [LIFE-20]", { skip }, async () => {
  await runAndKill([plugin!], "SIGINT");
  assert.deepEqual(readdirSync(sandbox.directory), []);
});

describe("without a janitor", () => {
  test("plugins made with go-plugin leave sockets, and the next host removes them [LIFE-21]", { skip }, async () => {
    await runAndKill([plugin!], "SIGKILL", { JANITOR: "0" });
    const left = directories();
    assert.equal(left.length, plugins);
    for (const name of left) assert.equal(readdirSync(join(sandbox.directory, name)).length, 1);
    await using host = createHost();
    const session = await host.start(kv, { process: [plugin!], cwd: sandbox.directory });
    await eventually(() => directories().length === 1, { what: "the sweep" });
    await session.stop();
    await sandbox.assertClean();
  });

  test("TypeScript plugins leave nothing [LIFE-20]", { skip: notLinux }, async () => {
    await runAndKill(kvPlugin(), "SIGKILL", { JANITOR: "0" });
    assert.deepEqual(readdirSync(sandbox.directory), []);
  });
});

/** The example's own plugin, seen from its contract. */
function kvPlugin(): string[] {
  return [process.execPath, new URL("plugin.js", import.meta.resolve("@tenon/example-kv/contract")).pathname];
}
