import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { formatReattach, isTenonError, type ReattachDescriptor } from "@tenon/core";
import { attachFromEnvironment, createHost, type LogRecord, type Session, type StartOptions } from "@tenon/host";
import { assertNoLeaks, eventually, isProcessAlive, snapshotResources, withTimeout } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire";
import { echo, versioned } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";
const hello = { chunks: [Buffer.from("hello")] };
/** A plugin that outlives its host and can be attached to. */
const survivor = { process: fixture("echo-plugin"), lifetime: "own" } as const;
const plain = { autoMtls: false };

/** Starts a plugin and lets go of it; the test's end kills it. */
async function leaveRunning(
  t: { after(fn: () => Promise<void>): void },
  options: StartOptions = plain,
): Promise<ReattachDescriptor> {
  const host = createHost();
  const session = await host.start(echo, survivor, options);
  const descriptor = session.reattach;
  t.after(async () => {
    if (isProcessAlive(descriptor.pid)) process.kill(descriptor.pid, "SIGTERM");
    await eventually(() => !isProcessAlive(descriptor.pid));
  });
  assert.equal((await session.detach()).how, "detached");
  assert.deepEqual(await host.stop(), []);
  return descriptor;
}

async function runByHand(
  t: { after(fn: () => Promise<void>): void },
  env: Record<string, string> = {},
  [file, ...args] = fixture("echo-plugin", "--tenon-test"),
) {
  const child: ChildProcess = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return { child, line };
}

test("reattach: a host goes, the plugin stays, another host calls and stops it [REATT-03] [REATT-04] [REATT-13]", async (t) => {
  const descriptor = await leaveRunning(t);
  assert.equal(descriptor.protocol, "grpc");
  assert.deepEqual([descriptor.protocolVersion, descriptor.test, descriptor.tls], [1, false, "none"]);
  await using host = createHost();
  const records: LogRecord[] = [];
  const session = await host.start(echo, { attach: descriptor }, { log: (record) => records.push(record) });
  assert.deepEqual([session.pid, session.version, session.tls, session.lifetime], [descriptor.pid, 1, false, "own"]);
  assert.deepEqual(session.reattach, descriptor);
  assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
  assert.ok((await session.ping()) >= 0);
  await session.client("chaos").print({ target: 2, text: "printed for the second host" });
  await eventually(() => records.some(({ message }) => message === "printed for the second host"));
  const outcome = await session.stop();
  assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal], ["shutdown", null, null]);
  assert.equal(isProcessAlive(descriptor.pid), false);
  await sandbox.assertClean();
});

test("reattach: disposal and the host's stop let go, they do not end [REATT-05]", async (t) => {
  const descriptor = await leaveRunning(t);
  {
    await using host = createHost();
    await using session = await host.start(echo, { attach: descriptor });
    await session.ping();
  }
  const host = createHost();
  await host.start(echo, { attach: descriptor });
  assert.deepEqual(
    (await host.stop()).map(({ how }) => how),
    ["detached"],
  );
  assert.ok(isProcessAlive(descriptor.pid));
});

test("reattach: a plugin that does not obey gets signals, since its identity is certain [REATT-06]", {
  skip,
}, async (t) => {
  const stubborn = { process: fixture("stubborn", "never", "ignores-sigterm"), lifetime: "own" } as const;
  const first = createHost();
  const started = await first.start(echo, stubborn, plain);
  const { identity: _, ...descriptor } = started.reattach;
  await started.detach();
  t.after(() => isProcessAlive(descriptor.pid) && process.kill(descriptor.pid, "SIGKILL"));
  await using host = createHost();
  const session = await host.start(echo, { attach: descriptor });
  const outcome = await session.stop({ shutdownTimeoutMs: 50, terminateTimeoutMs: 50 });
  // Its pipes are broken since its host went: it may die of writing to them.
  assert.ok(["terminated", "killed"].includes(outcome.how), outcome.how);
  assert.equal(isProcessAlive(descriptor.pid), false);
});

test("reattach: a process that cannot be proven to be the plugin gets no signal [REATT-06]", { skip }, async (t) => {
  const stubborn = { process: fixture("stubborn", "never", "ignores-sigterm"), lifetime: "own" } as const;
  const first = createHost();
  const started = await first.start(echo, stubborn, plain);
  const { identity: _, ...descriptor } = started.reattach;
  await started.detach();
  const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
  t.after(() => {
    bystander.kill("SIGKILL");
    process.kill(descriptor.pid, "SIGKILL");
    rmSync(descriptor.address.string);
  });
  await using host = createHost();
  const session = await host.start(echo, { attach: { ...descriptor, pid: bystander.pid! } });
  const outcome = await session.stop({ shutdownTimeoutMs: 50, terminateTimeoutMs: 50 });
  assert.equal(outcome.how, "detached");
  assert.match(outcome.steps.at(-1)?.note ?? "", /nothing proves/);
  assert.ok(isProcessAlive(bystander.pid!) && isProcessAlive(descriptor.pid));
});

test("reattach to a dead address, process or identity: not found [REATT-07]", async (t) => {
  await using host = createHost();
  const descriptor = await leaveRunning(t);
  const dead = [
    { ...descriptor, address: { network: "unix", string: "/tmp/nobody-listens-here" } },
    { ...descriptor, address: { network: "tcp", string: "127.0.0.1:9" } },
    { ...descriptor, pid: 2 ** 22 + 1 },
    ...(skip ? [] : [{ ...descriptor, identity: "another boot:1" }]),
  ] as const;
  for (const attach of dead) {
    await assert.rejects(host.start(echo, { attach }), (error) => {
      return isTenonError(error, "instance-not-found") && error.facts["pid"] === attach.pid;
    });
  }
  assert.ok(isProcessAlive(descriptor.pid));
});

test("reattach: what does not fit is refused with its own code [REATT-08]", async (t) => {
  await using host = createHost();
  const descriptor = await leaveRunning(t);
  const refused = [
    [{ attach: { ...descriptor, protocol: "netrpc" } }, "transport-unsupported"],
    [{ attach: { ...descriptor, protocolVersion: 7 } }, "version-mismatch"],
    [{ attach: { ...descriptor, tls: "session" } }, "tls-failed"],
    [{ attach: { ...descriptor, pid: 0 } }, "reattach-malformed"],
    [{ attach: descriptor, process: ["true"] }, "option-invalid"],
    [{ attach: descriptor, checksum: { sha256: "0".repeat(64) } }, "option-invalid"],
  ] as const;
  for (const [launch, code] of refused) {
    await assert.rejects(host.start(echo, launch), { code });
  }
  await assert.rejects(host.start(versioned, { attach: { ...descriptor, protocolVersion: 0 } }), {
    code: "version-mismatch",
  });
  const session = await host.start(echo, { attach: { ...descriptor, protocolVersion: 0 } });
  assert.equal(session.version, 1);
});

test("reattach: an instance whose one connection carries everything is refused [REATT-15]", async (t) => {
  const descriptor = await leaveRunning(t, { ...plain, multiplex: true });
  await using host = createHost();
  await assert.rejects(host.start(echo, { attach: descriptor }), { code: "connect-failed", message: /multiplex/ });
  assert.ok(isProcessAlive(descriptor.pid));
});

test("reattach: the death of the plugin is noticed and ends calls [REATT-09]", async (t) => {
  const descriptor = await leaveRunning(t);
  await using host = createHost();
  const session = await host.start(echo, { attach: descriptor });
  const call = session.client("echo").unary(hello, { headers: { "x-delay-ms": "30000" } });
  const failed = assert.rejects(
    call,
    (error: unknown) => error instanceof ConnectError && error.code === Code.Unavailable,
  );
  process.kill(descriptor.pid, "SIGKILL");
  await failed;
  const outcome = await withTimeout(session.closed, 3000, "closed");
  assert.deepEqual([outcome.how, outcome.reason, outcome.exitCode], ["exited", "exited", null]);
});

test("reattach: a lost connection ends the session and not the plugin [REATT-05]", { skip }, async (t) => {
  const descriptor = await leaveRunning(t);
  const path = join(sandbox.directory, "relay");
  const ends: Socket[] = [];
  const relay = createServer((near) => {
    const far = connect(descriptor.address.string);
    ends.push(
      near.on("error", () => {}),
      far.on("error", () => {}),
    );
    near.pipe(far).pipe(near);
  }).listen(path);
  await once(relay, "listening");
  await using host = createHost();
  const session = await host.start(echo, { attach: { ...descriptor, address: { network: "unix", string: path } } });
  await session.client("echo").unary(hello);
  for (const end of ends) end.destroy();
  const outcome = await withTimeout(session.closed, 5000, "closed");
  assert.deepEqual([outcome.how, outcome.reason], ["detached", "connection-lost"]);
  assert.ok(isProcessAlive(descriptor.pid));
  relay.close();
});

test("200 reattaches leak nothing, in the host and in the plugin [REATT-10]", { skip }, async (t) => {
  const descriptor = await leaveRunning(t);
  await using host = createHost();
  const once200 = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const session = await host.start(echo, { attach: descriptor });
      await session.client("echo").unary(hello);
      await session.detach();
    }
  };
  const descriptors = (): number => readdirSync(`/proc/${descriptor.pid}/fd`).length;
  await once200(5);
  await eventually(() => descriptors() < 40);
  const pluginBefore = descriptors();
  const before = snapshotResources({ temporaryDirectories: [sandbox.directory] });
  await once200(200);
  await assertNoLeaks(before);
  await eventually(() => descriptors() <= pluginBefore);
});

describe("test mode", () => {
  test("a plugin run by hand prints how to attach, and hosts come and go [REATT-11] [REATT-12]", async (t) => {
    const { child, line } = await runByHand(t);
    const [, text = ""] = /^TENON_REATTACH='(.*)'$/.exec(line) ?? [];
    assert.equal(JSON.parse(text).echo.Test, true);
    const launch = attachFromEnvironment("TENON_REATTACH", "echo", { TENON_REATTACH: text });
    assert.ok(launch !== undefined);
    for (let i = 0; i < 3; i++) {
      await using debugging = createHost();
      const session: Session<(typeof echo)["versions"]> = await debugging.start(echo, launch);
      assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
      assert.equal((await session.stop()).how, "detached");
    }
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    await sandbox.assertClean();
  });

  test("the handshake's variables count for a plugin run by hand [REATT-14]", async (t) => {
    const env = { PLUGIN_PROTOCOL_VERSIONS: "2", PLUGIN_CLIENT_CERT: createCertificate().certPem };
    const { child, line } = await runByHand(t, env, fixture("versions-plugin", "1", "2", "3", "--tenon-test"));
    const [, text = ""] = /^TENON_REATTACH='(.*)'$/.exec(line) ?? [];
    const launch = attachFromEnvironment("TENON_REATTACH", "versioned", { TENON_REATTACH: text });
    assert.deepEqual([launch?.attach.protocolVersion, launch?.attach.tls], [2, undefined]);
    await using host = createHost();
    await assert.rejects(host.start(versioned, launch!), { code: "connect-failed" });
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  test("the variable is read where the application says so, and never by itself [REATT-12]", () => {
    const descriptor = { protocol: "grpc", protocolVersion: 1, pid: 7, test: true } as const;
    const address = { network: "unix", string: "/tmp/x" } as const;
    const text = formatReattach({ kv: { ...descriptor, address } });
    assert.deepEqual(attachFromEnvironment("X", "kv", { X: text }), { attach: { ...descriptor, address } });
    assert.equal(attachFromEnvironment("X", "other", { X: text }), undefined);
    assert.equal(attachFromEnvironment("X", "kv", { X: "" }), undefined);
    assert.equal(attachFromEnvironment("X", "kv", {}), undefined);
    assert.throws(
      () => attachFromEnvironment("X", "kv", { X: "{" }),
      (error) => isTenonError(error, "reattach-malformed") && error.message.includes("variable X"),
    );
  });
});
