import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import { dial, type DialOptions } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { hello, load, three } from "./calls.js";
import { UnixEcho } from "./unix-echo.js";

const local: DialOptions = { initialBackoffMs: 10, maxBackoffMs: 50 };

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
      await eventually(() => channel.stats().connections >= i + 2);
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
