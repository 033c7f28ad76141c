import assert from "node:assert/strict";
import { unlinkSync } from "node:fs";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost } from "@tenon/host";
import { assertNoLeaks, eventually, listBoundSockets, readProcess, snapshotResources } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";
const launch = { process: fixture("echo-plugin") };
const hello = { chunks: [Buffer.from("hello")] };

test("20 starts and stops leave nothing behind, in the host's process neither [LIFE-18] [STOP-01]", async () => {
  await using host = createHost();
  await (await host.start(echo, launch)).stop();
  const before = snapshotResources({ temporaryDirectories: [sandbox.directory] });
  for (let i = 0; i < 20; i++) {
    const session = await host.start(echo, launch, { autoMtls: i % 2 === 0 });
    assert.deepEqual(host.sessions, [session]);
    assert.equal((await session.client("echo").unary(hello)).chunks.length, 1);
    const outcome = await session.stop();
    assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal], ["shutdown", 0, null]);
    assert.deepEqual(host.sessions, []);
  }
  await assertNoLeaks(before);
});

test("20 starts at once all succeed [LIFE-18] [STOP-10]", { timeout: 60_000 }, async () => {
  const host = createHost();
  const sessions = await Promise.all(Array.from({ length: 20 }, () => host.start(echo, launch)));
  assert.equal(new Set(sessions.map(({ id }) => id)).size, 20);
  const pids = await Promise.all(sessions.map(async (session) => (await session.client("chaos").describe({})).pid));
  assert.deepEqual(
    pids,
    sessions.map(({ pid }) => pid),
  );
  const outcomes = await host.stop();
  assert.deepEqual(
    outcomes.map(({ how }) => how),
    Array.from({ length: 20 }, () => "shutdown"),
  );
  await sandbox.assertClean();
});

test("disposal stops sessions and hosts [STOP-10]", async () => {
  let closed: Promise<unknown>;
  {
    await using host = createHost();
    await using session = await host.start(echo, launch);
    closed = session.closed;
    await session.ping();
  }
  assert.equal(((await closed) as { how: string }).how, "shutdown");
  await sandbox.assertClean();
});

test("a stopped host starts nothing any more [LIFE-17]", async () => {
  const host = createHost();
  await host.stop();
  await assert.rejects(host.start(echo, launch), (error) => isTenonError(error, "host-closed"));
  assert.deepEqual(await host.stop(), []);
});

test("calls after the end of a session fail at once [LIFE-16]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const client = session.client("echo");
  await session.stop();
  await assert.rejects(
    client.unary(hello),
    (error) => isTenonError(error) || (error instanceof ConnectError && error.code === Code.Unavailable),
  );
  await assert.rejects(
    Promise.resolve().then(() => session.ping()),
    (error) => isTenonError(error) || error instanceof ConnectError,
  );
});

test("calls in flight when a session is stopped end exactly once [LIFE-16]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  let ended = 0;
  const calls = Array.from({ length: 10 }, () =>
    session
      .client("echo")
      .unary(hello, { headers: { "x-delay-ms": "10000" } })
      .finally(() => ended++),
  );
  const settled = Promise.allSettled(calls);
  await session.stop();
  for (const result of await settled) {
    assert.equal(result.status, "rejected");
    assert.ok(result.reason instanceof ConnectError, String(result.reason));
  }
  assert.equal(ended, 10);
});

test("a session tells its version, pid, TLS and time to start [TLS-02] [VER-03]", async () => {
  await using host = createHost();
  const secure = await host.start(echo, launch);
  const plain = await host.start(echo, launch, { autoMtls: false });
  assert.deepEqual([secure.tls, plain.tls], [true, false]);
  assert.deepEqual([secure.version, plain.version], [1, 1]);
  assert.ok(secure.startMs > 0);
  assert.ok((await secure.ping()) >= 0);
  await eventually(() => secure.pid !== plain.pid);
});

test("a service that the contract does not have is refused [VER-06]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  assert.throws(
    () => session.client("nonsense" as "echo"),
    (error) => isTenonError(error, "service-unknown"),
  );
});

test("an instance has a process group of its own [HOST-02]", { skip }, async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  assert.equal(readProcess(session.pid)?.groupId, session.pid);
});

test("a socket deleted by somebody else does not disturb the session, nor its stop [LIFE-18]", { skip }, async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const sockets = listBoundSockets([sandbox.directory]);
  assert.equal(sockets.length, 1);
  unlinkSync(sockets[0]!);
  await session.client("echo").unary(hello);
  assert.equal((await session.stop()).how, "shutdown");
  await sandbox.assertClean();
});
