import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createDuplexPair,
  eventually,
  injectFaults,
  type StreamEnds,
  streamCompliance,
  withTimeout,
} from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";

const hello = { chunks: [Buffer.from("hello")] };

async function inPieces(bytes: number): Promise<StreamEnds> {
  const [near, far] = createDuplexPair();
  const client = injectFaults(near, { readChunkBytes: bytes, writeChunkBytes: 64 * bytes }).stream;
  const server = injectFaults(far, { readChunkBytes: bytes, writeChunkBytes: 97 * bytes }).stream;
  return { client, server, close: async () => {} };
}

describe("gRPC over byte streams that misbehave [WIRE-47]", () => {
  streamCompliance("a byte at a time", () => inPieces(1), { largeBytes: 65_536, concurrentCalls: 40 });
  streamCompliance("1009 bytes at a time", () => inPieces(1009), { largeBytes: 262_144 });

  for (const direction of ["read", "write"] as const) {
    test(`a stall of the client's ${direction} side holds calls back, and loses none`, async () => {
      const [near, far] = createDuplexPair();
      const server = createServer().add(Echo, { unary: (request) => request });
      server.accept(far);
      const faulty = injectFaults(near);
      const channel = createChannel(faulty.stream);
      const client = createClient(Echo, channel.transport);
      await client.unary(hello);
      faulty.trip("stall");
      const calls = Array.from({ length: 20 }, () => client.unary(hello));
      await assert.rejects(client.unary(hello, { timeoutMs: 30 }), { code: Code.DeadlineExceeded });
      assert.equal(channel.inFlight, 20);
      faulty.release();
      await Promise.all(calls);
      assert.equal((await channel.close()).kind, "closed");
      await server.close();
    });
  }

  test("a reset while calls are under way fails each once, on both sides", async () => {
    const [near, far] = createDuplexPair();
    let aborted = 0;
    const server = createServer().add(Echo, {
      unary: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted++;
            reject(signal.reason as Error);
          });
        }),
    });
    server.accept(far);
    const faulty = injectFaults(near);
    const channel = createChannel(faulty.stream);
    const client = createClient(Echo, channel.transport);
    const calls = Array.from({ length: 10 }, () => client.unary(hello).catch((error: unknown) => error));
    await eventually(() => server.inFlight === 10);
    faulty.trip("reset");
    for (const error of await Promise.all(calls)) assert.equal(ConnectError.from(error).code, Code.Unavailable);
    await eventually(() => aborted === 10 && server.connectionCount === 0);
    assert.equal((await channel.closed).kind, "lost");
    await server.close();
  });

  test("half-open: keepalive of the client finds it, and the calls fail [WIRE-36]", async () => {
    const [near, far] = createDuplexPair();
    const server = createServer().add(Echo, { unary: () => new Promise(() => {}) });
    server.accept(far);
    const faulty = injectFaults(near);
    const channel = createChannel(faulty.stream, { keepaliveTimeMs: 30, keepaliveTimeoutMs: 30 });
    const call = createClient(Echo, channel.transport).unary(hello);
    call.catch(() => {});
    await eventually(() => server.inFlight === 1);
    faulty.trip("half-open");
    // Nothing else keeps the process alive: these streams are in memory.
    await withTimeout(assert.rejects(call, { code: Code.Unavailable }), 5000);
    const { kind, message } = await channel.closed;
    assert.equal(kind, "lost");
    assert.match(message, /keepalive/);
    near.destroy();
    await server.close({ graceMs: 100 });
  });

  test("half-open: keepalive of the server finds it, and the handlers are aborted [WIRE-36]", async () => {
    const [near, far] = createDuplexPair();
    const faulty = injectFaults(far);
    let aborted = false;
    const server = createServer({ keepaliveTimeMs: 30, keepaliveTimeoutMs: 30 }).add(Echo, {
      unary: (request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve(request);
          });
        }),
    });
    server.accept(faulty.stream);
    const channel = createChannel(near);
    const call = createClient(Echo, channel.transport).unary(hello);
    call.catch(() => {});
    await eventually(() => server.inFlight === 1);
    faulty.trip("half-open");
    await eventually(() => aborted && server.connectionCount === 0);
    channel.destroy();
    await assert.rejects(call, { code: Code.Unavailable });
    far.destroy();
    await server.close({ graceMs: 100 });
  });
});
