import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient, createContextValues } from "@connectrpc/connect";
import { countActiveResources, createDuplexPair, eventually } from "@tenon/testkit";
import { createServer, dial, type DialState, waitForReady } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { failure, hello } from "./calls.js";
import { UnixEcho } from "./unix-echo.js";

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
