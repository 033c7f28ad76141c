import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, isProcessAlive, listDescendants } from "@tenon/testkit";
import { goPeers } from "../conformance/peers/go.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";

interface HostProgram {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  readonly nextLine: () => Promise<string>;
}

/** Runs the small host and waits until its plugins are in the middle of their calls. */
async function runHost(
  plugins: number,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<HostProgram> {
  const [file, ...args] = fixture("small-host", `${plugins}`, ...command);
  // A session of its own, as a terminal would give it: signals to the group reach host and nobody else.
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", env["ENDS"] === "throw" ? "ignore" : "inherit"],
    detached: true,
    env: { ...process.env, ...env },
  });
  const nextLine = async (): Promise<string> => {
    let text = "";
    while (!text.includes("\n")) {
      const [chunk] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) })) as [Buffer];
      text += chunk.toString();
    }
    return text;
  };
  return { child, pids: JSON.parse(await nextLine()) as number[], nextLine };
}

async function gone(pid: number, withinMs = 3000): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (isProcessAlive(pid)) {
    assert.ok(performance.now() < endsAt, `process ${pid} outlived its host`);
    await sleep(10);
  }
}

describe("kill -9 of the host", { skip }, () => {
  for (const [title, env] of [
    ["with AutoMTLS", {}],
    ["in plaintext", { PLAIN: "1" }],
    ["on standard input and output", { LAUNCH: "stdio" }],
  ] as const) {
    test(`10 times, ${title}: no TypeScript plugin survives it [LIFE-20] [PLUG-06] [PLUG-07] [STD-14]`, async () => {
      for (let i = 0; i < 10; i++) {
        const { child, pids } = await runHost(2, fixture("echo-plugin"), env);
        const closed = once(child, "close");
        child.kill("SIGKILL");
        await closed;
        for (const pid of pids) await gone(pid);
      }
      await sandbox.assertClean();
    });
  }

  test("at any moment of a start: nothing is left [LIFE-20]", async () => {
    for (let delayMs = 80; delayMs < 480; delayMs += 40) {
      const [file, ...args] = fixture("small-host", "2", ...fixture("echo-plugin"));
      const child = spawn(file, args, { stdio: "ignore", detached: true });
      const closed = once(child, "close");
      await sleep(delayMs);
      child.kill("SIGKILL");
      await closed;
    }
    // A host that is killed between making a directory and starting what watches it leaves it, empty, to a host that starts a minute later.
    for (const name of readdirSync(sandbox.directory)) utimesSync(join(sandbox.directory, name), 0, 0);
    const next = await runHost(1, fixture("echo-plugin"));
    const closed = once(next.child, "close");
    next.child.kill("SIGKILL");
    await closed;
    await sandbox.assertClean();
  });

  test("a shell in between makes no difference [LIFE-20]", async () => {
    const { child, pids } = await runHost(1, ["sh", "-c", `"$@"; true`, "sh", ...fixture("echo-plugin")]);
    child.kill("SIGKILL");
    for (const pid of pids) await gone(pid);
    await sandbox.assertClean();
  });
});

describe("kill -9 of the host of a Go plugin", async () => {
  const { plugin, missing } = await goPeers();
  // A Go plugin that is ended by a signal leaves its socket file: no host lives that could remove it, so it is kept apart.
  const directory = join(sandbox.directory, "go");
  mkdirSync(directory);

  test("5 times, 4 plugins each: no process is left [LIFE-20]", { skip: missing ?? skip }, async () => {
    for (let i = 0; i < 5; i++) {
      const { child, pids } = await runHost(4, [plugin!], { TMPDIR: directory });
      child.kill("SIGKILL");
      for (const pid of pids) await gone(pid);
    }
  });
});

describe("kill -9 of the host of a wrapped plugin", async () => {
  const { plugin, missing } = await goPeers();

  test("a shell around a Go plugin, with a grandchild beside it: none of them survives [LIFE-24]", {
    skip: missing ?? skip,
  }, async () => {
    const wrapper = `sleep 300 & "$@"; exit $?`;
    for (const env of [{}, { PLAIN: "1" }]) {
      const { child } = await runHost(1, ["sh", "-c", wrapper, "sh", plugin!], env);
      const started = listDescendants(child.pid!);
      assert.equal(started.filter(({ command }) => /sleep 300|echo-plugin/.test(command)).length >= 2, true);
      child.kill("SIGKILL");
      for (const { pid, startTicks } of started) {
        await eventually(() => !isProcessAlive(pid, startTicks), { timeoutMs: 8000, what: `the end of ${pid}` });
      }
    }
    await sandbox.assertClean();
  });
});

for (const [ends, code] of [
  ["exit", 0],
  ["throw", 1],
] as const) {
  test(`a host that ends by ${ends} leaves nothing behind [LIFE-20]`, { skip }, async () => {
    const { child, pids } = await runHost(2, fixture("echo-plugin"), { ENDS: ends });
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(child.exitCode, code);
    for (const pid of pids) await gone(pid);
    await sandbox.assertClean();
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} to the host's group: it stops its plugins, and nothing is left [PLUG-04] [STOP-10]`, {
    skip,
  }, async () => {
    const { child, pids, nextLine } = await runHost(3, fixture("echo-plugin"));
    const closed = once(child, "close");
    process.kill(-child.pid!, signal);
    assert.deepEqual(JSON.parse(await nextLine()), ["shutdown", "shutdown", "shutdown"]);
    assert.deepEqual(await closed, [0, null]);
    for (const pid of pids) await gone(pid);
    await sandbox.assertClean();
  });
}

test("SIGINT to a plugin itself is ignored [PLUG-04]", { skip }, async () => {
  const { child, pids, nextLine } = await runHost(1, fixture("echo-plugin"));
  process.kill(pids[0]!, "SIGINT");
  await sleep(200);
  assert.ok(isProcessAlive(pids[0]!));
  child.kill("SIGTERM");
  assert.deepEqual(JSON.parse(await nextLine()), ["shutdown"]);
  await once(child, "close");
});
