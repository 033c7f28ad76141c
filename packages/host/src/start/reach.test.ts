import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { defineContract, Health, HealthCheckResponse_ServingStatus, isTenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { type CloseReason, createServer } from "@tenon/wire";
import { createMux } from "@tenon/wire/broker-mux";
import { createHost } from "../host.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { InstanceChannel, LaunchedInstance, Launcher, LaunchRequest, Reach } from "../launch/launcher.js";
import { createDeferred } from "../async/deferred.js";
import type { LogRecord } from "../logs/record.js";

const contract = defineContract({
  name: "inside",
  cookie: { key: "INSIDE", value: "1" },
  versions: { 3: { health: Health } },
});

const health = { check: () => ({ status: HealthCheckResponse_ServingStatus.SERVING }) };

/** A launcher whose instance is a part of this process. It notes what it is asked for. */
function inside(makeReach: (request: LaunchRequest) => Reach | Promise<Reach>, more: Partial<LaunchedInstance> = {}) {
  const seen: string[] = [];
  const exited = createDeferred<ExitFacts>();
  const end = (exitCode: number) => exited.resolve({ exitCode, signal: null });
  const launcher: Launcher = {
    name: "inside",
    capabilities: { isolation: "none" },
    async start(request) {
      seen.push(`start ${request.command.length}`);
      return {
        reach: makeReach(request),
        exited: exited.promise,
        signal(signal) {
          seen.push(signal);
          end(0);
          return true;
        },
        release: () => void seen.push("release"),
        ...more,
      };
    },
  };
  return { launcher, seen, end };
}

function serveStream(multiplex: boolean): Reach {
  const [ours, theirs] = createDuplexPair();
  const server = createServer().add(Health, health);
  if (multiplex) createMux(theirs, "server", (stream) => server.accept(stream));
  else server.accept(theirs);
  return { kind: "stream", stream: ours, version: 3, multiplex };
}

for (const multiplex of [false, true]) {
  test(`a launcher hands over a byte stream, multiplexed: ${multiplex} [LAUNCH-12]`, async () => {
    const { launcher, seen } = inside(() => serveStream(multiplex));
    await using host = createHost();
    const session = await host.start(contract, { launcher });
    assert.equal((await session.client("health").check({})).status, 1);
    assert.deepEqual(
      [session.pid, session.isolation, session.version, session.tls, session.multiplexed],
      [process.pid, "none", 3, false, multiplex],
    );
    assert.throws(() => session.reattach, { code: "option-invalid" });
    const { how } = await session.stop({ shutdownTimeoutMs: 0 });
    assert.equal(how, "terminated");
    assert.deepEqual(seen, ["start 0", "SIGTERM", "SIGCONT", "release"]);
  });
}

test("a launcher hands over a channel of its own, which interceptors and deadlines apply to [LAUNCH-12]", async () => {
  const calls: unknown[] = [];
  const unary = ((method: { name: string }, _signal: unknown, timeoutMs: unknown, header: Headers) => {
    calls.push([method.name, timeoutMs, new Headers(header).get("x-by")]);
    return Promise.reject(new ConnectError("not here", Code.Unimplemented));
  }) as unknown as Transport["unary"];
  const channel = {
    transport: { unary, stream: () => Promise.reject(new ConnectError("not here", Code.Unimplemented)) },
    closed: new Promise<never>(() => {}),
    ping: async () => 0,
    destroy: () => {},
  };
  const { launcher } = inside(() => ({ kind: "channel", channel, version: 3 }));
  await using host = createHost();
  const options = { metadata: { "x-by": "us" }, channel: { defaultTimeoutMs: 700 } };
  const session = await host.start(contract, { launcher }, options);
  await assert.rejects(session.client("health").check({}), { code: Code.Unimplemented });
  assert.deepEqual(calls.at(-1), ["Check", 700, "us"]);
  await assert.rejects(session.reload(), { code: "option-invalid" });
});

test("an instance takes new code where its launcher can [LAUNCH-12]", async () => {
  let reloads = 0;
  const { launcher } = inside(() => serveStream(false), { reload: async () => void reloads++ });
  await using host = createHost();
  const session = await host.start(contract, { launcher });
  await session.reload();
  assert.equal(reloads, 1);
  await session.stop();
  await assert.rejects(session.reload(), { code: "session-closed" });
});

const failures: [what: string, reach: () => Reach | Promise<Reach>, code: string][] = [
  ["says why it cannot be reached", () => Promise.reject(new Error("no way")), "launcher-failed"],
  ["serves another version", () => ({ ...serveStream(false), version: 4 }), "version-mismatch"],
  [
    "hands over a stream that nobody serves",
    () => {
      const [ours, theirs] = createDuplexPair();
      theirs.end("HTTP/1.1 400 Bad Request\r\n\r\n");
      theirs.resume();
      return { kind: "stream", stream: ours, version: 3, multiplex: false };
    },
    "connect-failed",
  ],
];

for (const [what, reach, code] of failures) {
  test(`the start fails where a launcher ${what}, and nothing is left [LAUNCH-12]`, async () => {
    const { launcher, seen } = inside(reach);
    await using host = createHost();
    await assert.rejects(host.start(contract, { launcher }), (error) => isTenonError(error, code as never));
    assert.equal(seen.at(-1), "release");
    assert.equal(host.sessions.length, 0);
  });
}

test("the start fails where the instance ends before it was reached [LAUNCH-12]", async () => {
  const { launcher, end } = inside(() => {
    setImmediate(() => end(7));
    return new Promise(() => {});
  });
  await using host = createHost();
  const failure = await host.start(contract, { launcher }).catch((error: unknown) => error);
  assert.ok(isTenonError(failure, "plugin-exited"), String(failure));
  assert.equal(failure.facts["exitCode"], 7);
});

test("the log says which methods a launcher without streams cannot call, and how a channel of its own was broken [LAUNCH-13]", async () => {
  const closed = createDeferred<CloseReason>();
  const refuse = () => Promise.reject(new ConnectError("not here", Code.Unimplemented));
  const channel: InstanceChannel = {
    transport: { unary: refuse, stream: refuse },
    closed: closed.promise,
    ping: async () => 0,
    destroy: () => {},
  };
  const { launcher } = inside(() => ({ kind: "channel", channel, version: 3 }));
  const notes: string[] = [];
  const log = ({ level, message }: LogRecord) => void (level === "debug" || notes.push(message));
  await using host = createHost({ log });
  const capabilities = { isolation: "process", streams: false } as const;
  const session = await host.start(contract, { launcher: { ...launcher, capabilities } });
  closed.resolve({ kind: "error", message: "its answer is no JSON", cause: undefined });
  await session.closed;
  assert.match(notes[0]!, /cannot stream.*grpc\.health\.v1\.Health\/Watch$/);
  assert.match(notes[1]!, /^its answer is no JSON\. Something may have written/);
});
