import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isTenonError } from "@tenon/core";
import {
  bubblewrapLauncher,
  createHost,
  type LaunchedInstance,
  type Launcher,
  type LaunchRequest,
  type LogRecord,
  processLauncher,
} from "@tenon/host";
import { eventually, isProcessAlive } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const posix = process.platform === "win32" ? "needs unix sockets" : false;
const hello = { chunks: [Buffer.from("hello")] };
const capabilities = { isolation: "process" } as const;

function launcherOf(start: Launcher["start"]): Launcher {
  return { name: "custom", capabilities, start };
}

test("custom launcher: gets the prepared command, and the host uses what it gives [LAUNCH-01] [LAUNCH-02]", async () => {
  await using host = createHost();
  const requests: LaunchRequest[] = [];
  const processes = processLauncher();
  const launcher = launcherOf((request) => {
    requests.push(request);
    return processes.start({ ...request, env: { ...request.env, ADDED: "by the launcher" } });
  });
  const session = await host.start(echo, { process: fixture("echo-plugin", "x"), env: { COLOUR: "blue" }, launcher });
  const { environment, arguments: seen } = await session.client("chaos").describe({});
  assert.deepEqual([environment["COLOUR"], environment["ADDED"], seen], ["blue", "by the launcher", ["x"]]);
  const [request] = requests;
  assert.deepEqual(request?.command, fixture("echo-plugin", "x"));
  assert.equal(request?.env["ECHO_PLUGIN"], "tenon-test");
  assert.equal(request?.env["PLUGIN_UNIX_SOCKET_DIR"], request?.socketDir);
  assert.equal(request?.stdin, "lifeline");
  assert.deepEqual([(await session.stop()).how, isProcessAlive(session.pid)], ["shutdown", false]);
  await sandbox.assertClean();
});

test("custom launcher: an address of the plugin is translated [LAUNCH-03]", { skip: posix }, async () => {
  await using host = createHost();
  const inside = join(sandbox.directory, "inside");
  const processes = processLauncher();
  const launcher = launcherOf(async (request) => {
    const outside = request.socketDir!;
    symlinkSync(outside, inside);
    const launched = await processes.start({ ...request, env: { ...request.env, PLUGIN_UNIX_SOCKET_DIR: inside } });
    return {
      ...launched,
      toHost: ({ network, address }) => {
        assert.ok(address.startsWith(inside), address);
        return { network, address: address.replace(inside, outside) };
      },
      toPlugin: ({ network, address }) => ({ network, address: address.replace(outside, inside) }),
    };
  });
  const session = await host.start(echo, { process: fixture("echo-plugin"), launcher });
  assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
  assert.ok(!session.reattach.address.string.startsWith(inside));
  await session.stop();
  rmSync(inside);
  await sandbox.assertClean();
});

describe("custom launcher: faults of its own are launcher-failed, and nothing is left [LAUNCH-04]", () => {
  const broken: Partial<LaunchedInstance> = { pid: 4711, signal: () => true, release: () => {} };
  const faults: readonly [string, Launcher["start"]][] = [
    ["it rejects", () => Promise.reject(new Error("no room"))],
    ["it throws", () => assert.fail("at once")],
    ["it gives nothing", () => Promise.resolve(undefined as never)],
    ["it gives no pid", () => Promise.resolve({ ...broken, pid: 0 } as never)],
    ["it gives no streams", () => Promise.resolve(broken as never)],
    [
      "its translation throws",
      async (request) => ({
        ...(await processLauncher().start(request)),
        toHost: () => {
          throw new Error("no such place");
        },
      }),
    ],
  ];
  for (const [title, start] of faults) {
    test(title, async () => {
      await using host = createHost();
      const launch = { process: fixture("echo-plugin"), launcher: launcherOf(start) };
      await assert.rejects(host.start(echo, launch), (error) => {
        return isTenonError(error, "launcher-failed") && error.facts["launcher"] === "custom";
      });
      await sandbox.assertClean();
    });
  }
});

test("custom launcher: what comes when the start was given up is killed and released [LAUNCH-05]", async () => {
  await using host = createHost();
  const did: string[] = [];
  const launcher = launcherOf(async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    return {
      pid: 4711,
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      exited: new Promise(() => {}),
      signal: (signal) => did.push(signal) > 0,
      release: () => void did.push("release"),
    };
  });
  const launch = { process: ["anything"], launcher } as const;
  await assert.rejects(host.start(echo, launch, { startTimeoutMs: 50 }), { code: "start-timeout" });
  await eventually(() => did.length === 2);
  assert.deepEqual(did, ["SIGKILL", "release"]);
});

const works =
  process.platform === "linux" &&
  spawnSync("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "true"], { stdio: "ignore" }).status === 0;
const noBwrap = works ? false : "bubblewrap is not there or may make no namespaces";

describe("bubblewrap", { skip: noBwrap }, () => {
  const root = resolve(fileURLToPath(new URL("../../..", import.meta.url)));

  test("a plugin in it sees what it was given, no network and no process, and works [LAUNCH-06]", async () => {
    const secret = join(sandbox.directory, "secret");
    const given = join(sandbox.directory, "given");
    mkdirSync(given);
    writeFileSync(secret, "hush");
    const records: LogRecord[] = [];
    await using host = createHost({ log: (record) => records.push(record) });
    const launcher = bubblewrapLauncher({ readOnly: [root, given] });
    const launch = { process: fixture("looks-around", secret, given), launcher };
    const session = await host.start(echo, launch);
    assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
    const { directory } = await session.client("chaos").describe({});
    assert.equal(directory, process.cwd());
    const { message } = await eventually(() => records.find((record) => record.message.startsWith("SEEN ")));
    const seen = JSON.parse(message.slice(5)) as { exists: object; interfaces: number; processes: number };
    assert.deepEqual(seen.exists, { [secret]: false, [given]: true });
    assert.equal(seen.interfaces, 0);
    assert.ok(seen.processes < 5, `${seen.processes} processes`);
    const outcome = await session.stop();
    assert.deepEqual([outcome.how, outcome.exitCode], ["shutdown", 0]);
    rmSync(secret);
    rmSync(given, { recursive: true });
    await sandbox.assertClean();
  });

  test("its plugin goes when it is killed, and when it does not obey [LAUNCH-07]", async () => {
    await using host = createHost();
    const launcher = bubblewrapLauncher({ readOnly: [root] });
    const session = await host.start(echo, { process: fixture("echo-plugin"), launcher });
    const spinning = session.client("chaos").spin({ ms: 20_000 });
    const failed = assert.rejects(spinning);
    await session.stop({ shutdownTimeoutMs: 100, terminateTimeoutMs: 100 });
    await failed;
    await sandbox.assertClean();
  });

  test("a program that is not there, and a machine that cannot, have their own codes [LAUNCH-08]", async () => {
    await using host = createHost();
    const launch = (launcher: Launcher, file = fixture("echo-plugin")) => ({ process: file, launcher });
    await assert.rejects(host.start(echo, launch(bubblewrapLauncher(), ["/no/such/plugin"])), {
      code: "executable-not-found",
    });
    await assert.rejects(host.start(echo, launch(bubblewrapLauncher({ bwrap: "/no/such/bwrap" }))), {
      code: "sandbox-unavailable",
    });
    await assert.rejects(host.start(echo, launch(bubblewrapLauncher({ bwrap: "false" }))), {
      code: "sandbox-unavailable",
    });
    assert.throws(() => bubblewrapLauncher({ readOnly: ["relative"] }), { code: "option-invalid" });
  });
});
