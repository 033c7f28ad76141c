import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, type LogRecord, maybeExecuted, type Session } from "@tenon/host";
import { eventually, withTimeout } from "@tenon/testkit";
import { echo } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const launch = { process: fixture("echo-plugin") };
const hello = { chunks: [Buffer.from("hello")] };
type EchoSession = Session<(typeof echo)["versions"]>;

/** Counts how often each call ended; anything but once is a lost or doubled outcome. */
function inFlight(session: EchoSession): { ended: number[]; all: Promise<PromiseSettledResult<unknown>[]> } {
  const client = session.client("echo");
  const ended: number[] = [];
  const slow = { headers: { "x-delay-ms": "30000" } };
  let stopRequests = (): void => {};
  const never = new Promise<void>((resolve) => {
    stopRequests = resolve;
  });
  async function* requests(): AsyncGenerator<typeof hello> {
    yield hello;
    await never;
  }
  const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream);
  };
  const calls: Promise<unknown>[] = [
    ...Array.from({ length: 5 }, () => client.unary(hello, slow)),
    drain(client.serverStream(hello, slow)),
    drain(client.serverStream(hello, { headers: { "x-count": "100000000" } })),
    client.clientStream(requests()),
    drain(client.bidi(requests())),
  ];
  const counted = calls.map((call, i) =>
    call.finally(() => {
      ended[i] = (ended[i] ?? 0) + 1;
    }),
  );
  return { ended, all: Promise.allSettled(counted).finally(stopRequests) };
}

async function assertUnavailable(calls: ReturnType<typeof inFlight>): Promise<void> {
  const results = await withTimeout(calls.all, 5000, "the end of the calls");
  for (const [i, result] of results.entries()) {
    assert.equal(result.status, "rejected", `call ${i} succeeded`);
    assert.ok(result.reason instanceof ConnectError, String(result.reason));
    const { code, message, cause } = result.reason;
    assert.ok(code === Code.Unavailable || code === Code.Aborted, `call ${i}: ${message}`);
    assert.ok(code === Code.Unavailable || maybeExecuted(result.reason), `call ${i} was accepted and does not say so`);
    assert.match(message, /the plugin "echo" \(instance echo-\d+\)/);
    assert.ok(isTenonError(cause), `call ${i}: ${String(cause)}`);
  }
  assert.deepEqual(
    calls.ended,
    results.map(() => 1),
  );
}

test("20 kill -9 in the middle of calls: each ends once with UNAVAILABLE [LIFE-15] [LIFE-19] [WIRE-12]", async () => {
  await using host = createHost();
  const bystander = await host.start(echo, launch);
  for (let i = 0; i < 20; i++) {
    const session = await host.start(echo, launch, { autoMtls: i % 2 === 0 });
    const calls = inFlight(session);
    await session.client("echo").unary(hello);
    process.kill(session.pid, "SIGKILL");
    await assertUnavailable(calls);
    const outcome = await withTimeout(session.closed, 5000, "closed");
    assert.deepEqual([outcome.how, outcome.exitCode, outcome.signal], ["crashed", null, "SIGKILL"]);
  }
  assert.deepEqual(host.sessions, [bystander]);
  await bystander.client("echo").unary(hello);
  await bystander.stop();
  await sandbox.assertClean();
});

for (const [title, how, exitCode] of [
  ["an exit in the middle of a call", { case: "exitCode", value: 3 } as const, 3],
  ["an uncaught error", { case: "uncaught", value: "boom in a timer" } as const, undefined],
  ["an unhandled rejection", { case: "unhandled", value: "boom in a promise" } as const, undefined],
] as const) {
  test(`${title} fails calls, and the host lives on [LIFE-15] [PLUG-13] [LOG-08]`, async () => {
    const records: LogRecord[] = [];
    await using host = createHost({ log: (record) => void records.push(record) });
    const session = await host.start(echo, launch);
    const calls = inFlight(session);
    await assert.rejects(
      session.client("chaos").die({ how }),
      (error: ConnectError) => error.code === Code.Unavailable,
    );
    await assertUnavailable(calls);
    const outcome = await session.closed;
    assert.equal(outcome.how, "crashed");
    assert.notEqual(outcome.exitCode, 0);
    if (exitCode !== undefined) assert.equal(outcome.exitCode, exitCode);
    if (how.case !== "exitCode") {
      const about = await eventually(() => records.filter(({ message }) => message.includes(how.value)));
      assert.deepEqual(
        about.filter(({ source }) => source === "stderr").map(({ level }) => level),
        ["error"],
      );
      assert.ok(outcome.stderrTail.join("\n").includes(how.value));
    }
    assert.deepEqual(await session.stop(), outcome);
    await (await host.start(echo, launch)).stop();
  });
}

test("stopping a session that crashed resolves at once with how it ended [STOP-09]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  process.kill(session.pid, "SIGABRT");
  const outcome = await session.closed;
  assert.equal(outcome.signal, "SIGABRT");
  assert.deepEqual(await session.stop(), outcome);
});

test("a busy event loop in the plugin is waited for, not taken for a crash", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const [, answer] = await Promise.all([
    session.client("chaos").spin({ ms: 500 }),
    session.client("echo").unary(hello),
  ]);
  assert.equal(answer.chunks.length, 1);
  assert.deepEqual(host.sessions, [session]);
});

test("a call in flight when its plugin is killed ends within 100 ms and says whether it may have been executed [LIFE-22] [LIFE-23]", async () => {
  await using host = createHost();
  const wrapped = ["sh", "-c", `"$@"; sleep 60`, "sh", ...fixture("echo-plugin")] as [string, ...string[]];
  const elapsed: number[] = [];
  for (let i = 0; i < 10; i++) {
    // Behind a shell that lives on, nobody ever tells how the plugin ended.
    const session = await host.start(echo, i % 2 === 0 ? launch : { process: wrapped }, {
      stop: { terminateTimeoutMs: 50 },
    });
    const { pid } = await session.client("chaos").describe({});
    const client = session.client("echo");
    const slow = client.unary(hello, { headers: { "x-delay-ms": "30000" } });
    const flood = client.serverStream(hello, { headers: { "x-count": "100000000" } })[Symbol.asyncIterator]();
    await flood.next();
    const killedAt = performance.now();
    process.kill(pid, "SIGKILL");
    await assert.rejects(slow, (error: unknown) => {
      elapsed.push(performance.now() - killedAt);
      return error instanceof ConnectError && error.code === Code.Unavailable && maybeExecuted(error);
    });
    const drained = async (): Promise<void> => {
      while ((await flood.next()).done !== true);
    };
    await assert.rejects(drained(), (error: unknown) => {
      return error instanceof ConnectError && error.code === Code.Aborted && maybeExecuted(error);
    });
    await assert.rejects(client.unary(hello), (error: unknown) => !maybeExecuted(error));
    await session.closed;
  }
  const median = elapsed.toSorted((a, b) => a - b)[5]!;
  assert.ok(median < 100, `median ${median} ms`);
});
