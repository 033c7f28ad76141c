import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, createContextValues } from "@connectrpc/connect";
import { countActiveResources, createDuplexPair, eventually } from "@tenon/testkit";
import { createServer, dial, type DialOptions, type DialState, waitForReady } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { UnixEcho } from "./unix-echo.js";

const hello = { chunks: [Buffer.from("hello")] };
const local: DialOptions = { initialBackoffMs: 10, maxBackoffMs: 50 };

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

/** Callers that call one after the other until they are told to stop. */
function load(callers: number, call: () => Promise<void>): { stop(): Promise<number> } {
  const ending = new AbortController();
  let calls = 0;
  const all = Array.from({ length: callers }, async () => {
    while (!ending.signal.aborted) {
      await call();
      calls++;
    }
  });
  return {
    async stop() {
      ending.abort();
      await Promise.all(all);
      return calls;
    },
  };
}

describe("a dialed channel", () => {
  test("connects at the first call, tells its states, and ends without a trace [WIRE-30]", async () => {
    using echo = new UnixEcho({ unary: (request) => request });
    await echo.listen();
    const before = countActiveResources();
    const channel = dial(echo.connect);
    const states: DialState[] = [];
    channel.onStateChange((state, previous) => states.push(previous, state));
    const stop = channel.onStateChange(() => assert.fail("nobody listens here any more"));
    stop();
    const client = createClient(Echo, channel.transport);
    assert.equal(channel.state, "idle");
    const answers = await Promise.all([client.unary(hello), client.unary(hello)]);
    assert.equal(answers.length, 2);
    assert.equal(channel.state, "ready");
    assert.ok((await channel.ping({ timeoutMs: 1000 })) >= 0);
    assert.equal((await channel.close()).kind, "closed");
    assert.deepEqual(states, ["idle", "connecting", "connecting", "ready", "ready", "closed"]);
    assert.equal((await failure(client.unary(hello))).code, Code.Unavailable);
    assert.equal(channel.stats().connections, 1);
    await echo.leave();
    await eventually(() => (countActiveResources().get("Timeout") ?? 0) <= (before.get("Timeout") ?? 0));
  });

  test("fails at once in back-off, with the last reason; calls that wait for ready do wait [WIRE-31]", async () => {
    using echo = new UnixEcho({ unary: (request) => request });
    const channel = dial(echo.connect, { initialBackoffMs: 50 });
    const client = createClient(Echo, channel.transport);
    const first = await failure(client.unary(hello));
    assert.equal(first.code, Code.Unavailable);
    assert.match(first.rawMessage, /cannot connect: .*ENOENT/);
    assert.ok(first.cause instanceof Error);
    assert.equal(channel.state, "backoff");
    assert.match((await failure(client.unary(hello))).rawMessage, /ENOENT/);
    assert.equal(channel.stats().failures, 1);
    const contextValues = createContextValues().set(waitForReady, true);
    const patient = client.unary(hello, { contextValues });
    const ready = channel.ready();
    const late = failure(client.unary(hello, { contextValues, timeoutMs: 20 }));
    const abort = new AbortController();
    const aborted = failure(client.unary(hello, { contextValues, signal: abort.signal }));
    abort.abort();
    assert.equal((await aborted).code, Code.Canceled);
    assert.equal((await late).code, Code.DeadlineExceeded);
    await echo.listen();
    await Promise.all([patient, ready]);
    assert.ok(channel.stats().failures >= 1);
    await channel.close();
  });

  test("calls that wait are bounded, and a closed channel fails them [WIRE-31]", async () => {
    const channel = dial(() => new Promise(() => {}), { maxQueuedCalls: 2 });
    const client = createClient(Echo, channel.transport);
    const waiting = [failure(client.unary(hello)), failure(client.unary(hello))];
    assert.equal((await failure(client.unary(hello))).code, Code.ResourceExhausted);
    assert.equal(channel.inFlight, 2);
    const ready = failure(channel.ready());
    await channel.close();
    for (const error of await Promise.all([...waiting, ready])) assert.equal(error.code, Code.Unavailable);
  });

  test("an attempt that takes too long is called off, and its stream destroyed when it comes", async () => {
    let aborted: AbortSignal | undefined;
    const [near] = createDuplexPair();
    const channel = dial(
      async (signal) => {
        aborted = signal;
        await once(signal, "abort");
        return near;
      },
      { connectTimeoutMs: 20 },
    );
    const error = await failure(createClient(Echo, channel.transport).unary(hello));
    assert.match(error.rawMessage, /no connection within 20 ms/);
    assert.ok(aborted?.aborted);
    await eventually(() => near.destroyed);
    await channel.close();
  });

  test("a peer that connects and says nothing is no connection", async () => {
    const [near, far] = createDuplexPair();
    far.resume();
    const channel = dial(() => near, { connectTimeoutMs: 20 });
    assert.equal((await failure(createClient(Echo, channel.transport).unary(hello))).code, Code.Unavailable);
    assert.equal(channel.state, "backoff");
    channel.destroy();
    await channel.closed;
  });

  test("a connection without calls is closed; the next call makes another [WIRE-32]", async () => {
    using echo = new UnixEcho({
      async unary(request) {
        await sleep(100);
        return request;
      },
    });
    await echo.listen();
    const channel = dial(echo.connect, { idleTimeoutMs: 40 });
    const client = createClient(Echo, channel.transport);
    await client.unary(hello);
    assert.equal(channel.state, "ready");
    await eventually(() => channel.state === "idle");
    await eventually(() => echo.server!.connectionCount === 0);
    await client.unary(hello);
    assert.equal(channel.stats().connections, 2);
    await channel.close();
  });

  test("a server that ends every connection at once is not asked in a loop", async () => {
    let attempts = 0;
    const channel = dial(
      () => {
        attempts++;
        const [near, far] = createDuplexPair();
        const server = createServer();
        server.accept(far);
        setTimeout(() => server.destroy(), 5);
        return near;
      },
      { initialBackoffMs: 5000 },
    );
    for (let i = 0; i < 5; i++) {
      await channel.ready({ signal: AbortSignal.timeout(30) }).catch(() => {});
      await sleep(10);
    }
    assert.equal(channel.state, "backoff");
    assert.ok(attempts <= 2, `${attempts} attempts`);
    channel.destroy();
  });
});

/** A server, of node:http2, that refuses the first streams and sends back the body of the others. */
async function refusing(t: TestContext, times: number): Promise<{ connect: () => Socket; streams: () => number }> {
  const folder = mkdtempSync("/tmp/tw");
  let streams = 0;
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    if (++streams <= times) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    return stream.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(`${folder}/s`, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { connect: () => connect(`${folder}/s`), streams: () => streams };
}

/** The SETTINGS of a server, and behind the first calls GOAWAY with last stream 0. */
function sayGoaway(stream: Duplex, errorCode: number): void {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const goaway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, errorCode]);
  let chunks = 0;
  stream.on("error", () => {});
  stream.on("data", () => {
    chunks++;
    if (chunks <= 2) stream.write(chunks === 1 ? settings : goaway);
  });
}

describe("a call that the server refuses to look at", () => {
  test("is sent again with all its messages [WIRE-33]", async (t) => {
    const { connect, streams } = await refusing(t, 3);
    await using channel = dial(connect);
    const client = createClient(Echo, channel.transport);
    const answers: string[] = [];
    for await (const { chunks } of client.bidi(three())) answers.push(Buffer.from(chunks[0]!).toString());
    assert.deepEqual(answers, ["hello", "hello", "hello"]);
    assert.equal(channel.stats().retries, 3);
    assert.equal(streams(), 4);
    assert.equal((await client.unary(hello)).chunks.length, 1);
  });

  test("is sent again on another connection after GOAWAY with a lower stream, whatever its code [WIRE-33]", async () => {
    for (const errorCode of [0, 2]) {
      const server = createServer().add(Echo, { unary: (request) => request });
      let connections = 0;
      await using channel = dial(() => {
        const [near, far] = createDuplexPair();
        if (++connections > 1) server.accept(far);
        else sayGoaway(far, errorCode);
        return near;
      });
      const client = createClient(Echo, channel.transport);
      const both = await Promise.all([client.unary(hello), client.unary(hello)]);
      assert.equal(both.length, 2);
      assert.equal(connections, 2);
      assert.equal(channel.stats().retries, 2);
      server.destroy();
    }
  });

  test("is sent again so often and no more [WIRE-35]", async (t) => {
    const { connect, streams } = await refusing(t, Number.POSITIVE_INFINITY);
    for (const [options, sent] of [
      [{}, 6],
      [{ maxTransparentRetries: 0 }, 1],
    ] as const) {
      const before = streams();
      await using channel = dial(connect, options);
      const error = await failure(createClient(Echo, channel.transport).unary(hello));
      assert.equal(error.code, Code.Unavailable);
      assert.match(error.rawMessage, /REFUSED_STREAM/);
      assert.equal(streams() - before, sent);
    }
  });

  test("fails when it has sent more than is kept [WIRE-35]", async (t) => {
    const { connect, streams } = await refusing(t, 1);
    await using channel = dial(connect, { maxReplayBytes: 3 });
    const client = createClient(Echo, channel.transport);
    assert.equal((await failure(client.clientStream(three()))).code, Code.Unavailable);
    assert.equal(streams(), 1);
    assert.equal((await client.unary(hello)).chunks.length, 1);
  });
});

test("a channel that is told of too many PINGs sends half as many on its next connection [WIRE-37]", async () => {
  using echo = new UnixEcho({ unary: (request) => request }, { minKeepaliveTimeMs: 25 });
  await echo.listen();
  await using channel = dial(echo.connect, { ...local, keepaliveTimeMs: 5, keepaliveWithoutCalls: true });
  for (let i = 0; i < 30; i++) {
    await channel.ready();
    await sleep(20);
  }
  // PINGs of 5, 10 and 20 ms come too early for this server, those of 40 ms do not.
  assert.ok(channel.stats().connections > 1);
  assert.ok(channel.stats().connections <= 4, `${channel.stats().connections} connections`);
});

describe("servers that come and go under load", () => {
  test("one that says GOAWAY loses no call: refused ones go to the next, accepted ones end [WIRE-33]", async () => {
    using echo = new UnixEcho({
      async unary(request) {
        await sleep(Math.random() * 3);
        return request;
      },
      async *bidi(requests) {
        yield* requests;
      },
    });
    await echo.listen();
    const channel = dial(echo.connect, { ...local, waitForReady: true });
    const client = createClient(Echo, channel.transport);
    const unary = load(32, async () => {
      assert.equal((await client.unary(hello)).chunks.length, 1);
    });
    const bidi = load(8, async () => {
      let count = 0;
      for await (const _ of client.bidi(three())) count++;
      assert.equal(count, 3);
    });
    const old: Promise<void>[] = [];
    for (let i = 0; i < 10; i++) {
      await sleep(30);
      const last = echo.server!;
      await echo.listen();
      old.push(last.close());
    }
    assert.ok((await unary.stop()) > 100);
    assert.ok((await bidi.stop()) > 10);
    await Promise.all(old);
    assert.ok(channel.stats().connections >= 10);
    assert.equal(channel.inFlight, 0);
    await channel.close();
  });

  test("calls that wait for ready outlive the time without a server [WIRE-33]", async () => {
    using echo = new UnixEcho({ unary: (request) => request });
    await echo.listen();
    const channel = dial(echo.connect, { ...local, waitForReady: true });
    const client = createClient(Echo, channel.transport);
    const calls = load(16, async () => {
      await client.unary(hello);
    });
    for (let i = 0; i < 5; i++) {
      await sleep(20);
      await echo.leave();
      await sleep(30);
      await echo.listen();
    }
    assert.ok((await calls.stop()) > 100);
    await channel.close();
  });

  test("one that is lost fails what was sent and nothing else, each call once [WIRE-34]", async () => {
    const folder = mkdtempSync("/tmp/tw");
    const path = `${folder}/s`;
    const [command, ...args] = fixture("echo-socket", path);
    const start = async () => {
      const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      return child;
    };
    let child = await start();
    const channel = dial((signal) => connect({ path, signal }), { ...local, waitForReady: true });
    const client = createClient(Echo, channel.transport);
    let settled = 0;
    let made = 0;
    let lost = 0;
    const calls = load(32, async () => {
      made++;
      const state = channel.state;
      const { connections } = channel.stats();
      try {
        await client.unary(hello, { headers: { "x-delay-ms": "2" } });
      } catch (error) {
        assert.equal(ConnectError.from(error).code, Code.Unavailable);
        lost++;
        // A call that found no connection may have been sent on the next one, which may be lost too.
        assert.ok(state === "ready" || channel.stats().connections > connections, `a call that was ${state} was lost`);
      }
      settled++;
    });
    for (const signal of ["SIGKILL", "SIGTERM", "SIGKILL", "SIGTERM"] as const) {
      await sleep(100);
      const before = lost;
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
      child = await start();
      if (signal === "SIGTERM") assert.equal(lost, before, "calls lost to a server that went away properly");
    }
    await eventually(() => channel.state === "ready");
    await calls.stop();
    assert.equal(settled, made);
    assert.ok(lost <= 2 * 32, `${lost} calls were lost to two kills`);
    await channel.close();
    child.kill();
    await once(child, "exit");
    rmSync(folder, { recursive: true });
  });
});

async function* three() {
  for (let i = 0; i < 3; i++) {
    yield hello;
    await sleep(1);
  }
}
