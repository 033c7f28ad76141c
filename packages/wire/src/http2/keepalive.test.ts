import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair, eventually, injectFaults, withTimeout } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import type { ChannelOptions } from "../client/options.js";
import { Counters } from "../diagnostics/counters.js";
import type { ServerOptions } from "../server/options.js";
import { createServer } from "../server/server.js";
import { ConnectionFault } from "./error.js";
import { PingPolicy } from "./keepalive.js";

function connect(options: { channel?: ChannelOptions; server?: ServerOptions }) {
  const [near, far] = createDuplexPair();
  const server = createServer(options.server).add(Health, { check: () => new Promise(() => {}) });
  server.accept(far);
  const link = injectFaults(near, {});
  const channel = createChannel(link.stream, options.channel);
  return { server, channel, link, client: createClient(Health, channel.transport) };
}

function failure(call: Promise<unknown>): Promise<ConnectError> {
  const failed = call.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => ConnectError.from(reason),
  );
  return withTimeout(failed, 5000, "the call");
}

describe("keepalive", () => {
  test("the client finds a half-open link: its calls fail with UNAVAILABLE [WIRE-36]", async () => {
    const { channel, server, link, client } = connect({ channel: { keepaliveTimeMs: 20, keepaliveTimeoutMs: 20 } });
    const lost = failure(client.check({}));
    await channel.ping();
    link.trip("half-open");
    const error = await lost;
    assert.equal(error.code, Code.Unavailable);
    assert.match(error.rawMessage, /nothing came from the peer for 20 ms after a keepalive PING/);
    assert.equal((await channel.closed).kind, "lost");
    server.destroy();
  });

  test("the server finds one too, and aborts what it was doing [WIRE-36]", async () => {
    const { channel, server, link, client } = connect({ server: { keepaliveTimeMs: 20, keepaliveTimeoutMs: 20 } });
    const lost = failure(client.check({}));
    await eventually(() => server.inFlight === 1);
    link.trip("half-open");
    await eventually(() => server.connectionCount === 0);
    assert.equal(server.inFlight, 0);
    channel.destroy();
    assert.equal((await lost).code, Code.Unavailable);
  });

  test("a link that lives is kept; without calls no PING goes out unless it is asked for [WIRE-36]", async () => {
    for (const keepaliveWithoutCalls of [false, true]) {
      const channelOptions = { keepaliveTimeMs: 5, keepaliveTimeoutMs: 1000, keepaliveWithoutCalls };
      const { channel, server } = connect({ channel: channelOptions });
      await channel.ping();
      const before = channel.stats().framesOut;
      await new Promise((resolve) => setTimeout(resolve, 40));
      assert.equal(channel.stats().framesOut > before, keepaliveWithoutCalls);
      assert.ok((await channel.ping()) >= 0);
      await channel.close();
      server.destroy();
    }
  });

  test("a client that sends too many PINGs gets ENHANCE_YOUR_CALM and too_many_pings [WIRE-37]", async () => {
    const { channel, server } = connect({ server: { minKeepaliveTimeMs: 60_000 } });
    const answers = await withTimeout(
      Promise.allSettled(Array.from({ length: 10 }, () => channel.ping())),
      5000,
      "the answers",
    );
    assert.ok(answers.some(({ status }) => status === "rejected"));
    const { kind, goaway } = await channel.closed;
    assert.equal(kind, "error");
    assert.deepEqual(goaway, { errorCode: 0xb, debug: "too_many_pings" });
    server.destroy();
  });
});

test("PINGs behind which something was sent do not count against the client [WIRE-37]", () => {
  const counters = new Counters();
  const policy = new PingPolicy(60_000, counters);
  const ping = () => {
    policy.onPing();
    counters.framesOut++; // The answer.
  };
  for (let i = 0; i < 100; i++) {
    ping();
    counters.framesOut++; // Data.
  }
  for (let i = 0; i < 3; i++) ping();
  assert.throws(ping, (error) => error instanceof ConnectionFault && error.debug === "too_many_pings");
});
