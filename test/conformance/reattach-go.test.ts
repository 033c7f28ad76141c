import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatReattach } from "@tenon/core";
import { buildGo } from "@tenon/example-kv/go";
import { attachFromEnvironment, createHost, type Session } from "@tenon/host";
import { eventually, isProcessAlive } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { runPeer } from "./peers/peer-report.js";

const sandbox = useSandbox();
const module = fileURLToPath(new URL("../../conformance/go", import.meta.url));
const built = await buildGo({ module, packages: ["./reattach-peer", "./echo-plugin"] });
const peer = join(built.folder ?? "", "reattach-peer");
const goPlugin = join(built.folder ?? "", "echo-plugin");
const plain = { autoMtls: false };
const hello = { chunks: [Buffer.from("hello")] };

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return line;
}

describe("reattach with go-plugin", { skip: built.missing ?? false }, () => {
  test("our host attaches to a Go plugin in test mode, by what it prints, and does not end it [REATT-12]", async () => {
    const child = spawn(peer, ["plugin"], { stdio: ["pipe", "pipe", "inherit"] });
    const launch = attachFromEnvironment("X", "echo", { X: await firstLine(child) });
    assert.equal(launch?.attach.test, true);
    for (let i = 0; i < 2; i++) {
      await using host = createHost();
      const session: Session<(typeof echo)["versions"]> = await host.start(echo, launch);
      assert.ok((await session.ping()) >= 0);
      assert.equal((await session.stop()).how, "detached");
    }
    assert.equal(child.exitCode, null);
    child.stdin.end();
    await once(child, "exit");
    await sandbox.assertClean();
  });

  test("a Go host attaches to our plugin in test mode, and does not end it [REATT-11]", async () => {
    const [file, ...args] = fixture("echo-plugin", "--tenon-test");
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
    const [, json = ""] = /^TENON_REATTACH='(.*)'$/.exec(await firstLine(child)) ?? [];
    for (let i = 0; i < 2; i++) {
      for (const { check, error } of await runPeer([peer, "host"], { REATTACH: json })) assert.equal(error, "", check);
    }
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    await once(child, "exit");
    await sandbox.assertClean();
  });

  test("a Go host attaches to our plugin that another host left, and ends it [REATT-01] [REATT-03]", async () => {
    const host = createHost();
    const session = await host.start(echo, { process: fixture("echo-plugin"), lifetime: "own" }, plain);
    await host.stop();
    const json = formatReattach({ echo: session.reattach });
    for (const { check, error } of await runPeer([peer, "host"], { REATTACH: json })) assert.equal(error, "", check);
    await eventually(() => !isProcessAlive(session.pid));
    await sandbox.assertClean();
  });

  test("our host attaches to a Go plugin that another host left, and ends it [REATT-03] [REATT-04]", async () => {
    const first = createHost();
    const process = ["sh", "-c", `exec "$0" 2>/dev/null`, goPlugin] as const;
    const { reattach } = await first.start(echo, { process, lifetime: "own" }, plain);
    await first.stop();
    await using host = createHost();
    const session = await host.start(echo, { attach: reattach });
    assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
    assert.equal((await session.stop()).how, "shutdown");
    assert.equal(isProcessAlive(reattach.pid), false);
    await sandbox.assertClean();
  });
});
