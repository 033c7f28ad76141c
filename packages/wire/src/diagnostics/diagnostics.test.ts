import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test, type TestContext } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer } from "../server/server.js";
import type { CallEvent } from "./call-record.js";
import type { ConnectionEvent, ResetEvent, StallEvent } from "./events.js";

/** What is published while the test runs. */
function listen<T>(t: TestContext, name: string): T[] {
  const heard: T[] = [];
  const listener = (message: unknown) => heard.push(message as T);
  subscribe(name, listener);
  t.after(() => unsubscribe(name, listener));
  return heard;
}

function connect(streamWindowBytes = 65_535) {
  const [near, far] = createDuplexPair();
  const server = createServer({ streamWindowBytes }).add(Health, {
    check({ service }) {
      if (service === "none") throw new ConnectError("no such service", Code.NotFound);
      if (service === "never") return new Promise(() => {});
      return { status: 1 };
    },
    async *watch() {
      yield { status: 1 };
      yield { status: 2 };
    },
  });
  server.accept(far);
  const channel = createChannel(near);
  return { server, channel, near, far, client: createClient(Health, channel.transport) };
}

test("calls are told of with method, code, time and bytes, on both sides [WIRE-38]", async (t) => {
  const started = listen<CallEvent>(t, "tenon:wire:call:start");
  const ended = listen<CallEvent>(t, "tenon:wire:call:end");
  const { server, channel, client } = connect();
  await client.check({ service: "abc" });
  await client.check({ service: "none" }).catch(() => {});
  for await (const _ of client.watch({}));
  const told = (role: string) =>
    ended
      .filter((event) => event.role === role)
      .map(({ method, kind, code, bytesIn, bytesOut }) => [method, kind, code, bytesIn, bytesOut]);
  assert.deepEqual(told("client"), [
    ["/grpc.health.v1.Health/Check", "unary", 0, 2, 5],
    ["/grpc.health.v1.Health/Check", "unary", Code.NotFound, 0, 6],
    ["/grpc.health.v1.Health/Watch", "server_streaming", 0, 4, 0],
  ]);
  assert.deepEqual(told("server"), [
    ["/grpc.health.v1.Health/Check", "unary", 0, 5, 2],
    ["/grpc.health.v1.Health/Check", "unary", Code.NotFound, 6, 0],
    ["/grpc.health.v1.Health/Watch", "server_streaming", 0, 0, 4],
  ]);
  assert.deepEqual(new Set(ended), new Set(started));
  for (const { durationMs } of ended) assert.ok(durationMs! >= 0);
  channel.destroy();
  server.destroy();
});

test("connections, resets and stalls are told of [WIRE-38]", async (t) => {
  const opened = listen<ConnectionEvent>(t, "tenon:wire:connection:open");
  const closed = listen<ConnectionEvent>(t, "tenon:wire:connection:close");
  const resets = listen<ResetEvent>(t, "tenon:wire:stream:reset");
  const stalls = listen<StallEvent>(t, "tenon:wire:stream:stall");
  const { server, channel, near, far, client } = connect();
  await channel.ping();
  await client.check({ service: "x".repeat(200_000) });
  assert.ok(stalls.some(({ role, of, queuedBytes }) => role === "client" && of === "stream" && queuedBytes > 0));
  const abort = new AbortController();
  const call = client.check({ service: "never" }, { signal: abort.signal });
  await eventually(() => server.inFlight === 1);
  abort.abort();
  await call.catch(() => {});
  await eventually(() => resets.length === 2);
  assert.deepEqual(resets, [
    { role: "client", streamId: 3, errorCode: 8, by: "us" },
    { role: "server", streamId: 3, errorCode: 8, by: "peer" },
  ]);
  await channel.close();
  await eventually(() => closed.length === 2);
  assert.deepEqual(
    opened.map(({ role, stream }) => [role, stream === near || stream === far]),
    [
      ["client", true],
      ["server", true],
    ],
  );
  assert.equal(closed.find(({ role }) => role === "client")?.reason?.kind, "closed");
  assert.deepEqual(closed.find(({ role }) => role === "client")?.counters, channel.stats());
  server.destroy();
});

test("counters tell what a connection has done, and a server keeps those of connections that ended [WIRE-38]", async () => {
  const { server, channel, client } = connect();
  await channel.ping();
  for (let i = 0; i < 3; i++) await client.check({});
  await client.check({ service: "x".repeat(200_000) });
  await channel.close();
  await eventually(() => server.connectionCount === 0);
  const near = channel.stats();
  const far = server.stats();
  assert.equal(near.streams, 4);
  assert.equal(far.streams, 4);
  assert.ok(near.bytesOut > 200_000);
  assert.ok(near.stalls > 0);
  assert.equal(near.resetsOut, 0);
  // The preface of 24 bytes is read before the server's connection begins.
  assert.equal(far.bytesIn, near.bytesOut - 24);
  assert.equal(far.framesIn, near.framesOut);
  assert.equal(near.framesIn <= far.framesOut, true);
});
