import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { Bind } from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { listen } from "./listener.testing.js";
import { storeOf } from "./raw-plugin.testing.js";

const value = new Uint8Array([1, 2, 3]);
const implementation = { get: () => ({ entry: { key: "k", value, version: 1n } }) };

describe("what is of no use is limited [BIND-29]", () => {
  test("connections that say nothing are closed after a while", async (t) => {
    const { listener, dialIn } = await listen(t, { helloTimeoutMs: 100 });
    const plugin = await dialIn();
    plugin.hello();
    await plugin.got("welcome");
    const [, port] = listener.address.split(":");
    const silent = connect(Number(port), "127.0.0.1");
    silent.on("error", () => {});
    silent.resume();
    await once(silent, "close");
    assert.equal(listener.plugins().length, 1);
  });

  test("too many of them are closed at once; those that bind do not count", async (t) => {
    const { listener, dialIn } = await listen(t, { maxHalfOpen: 2, helloTimeoutMs: 60_000 });
    const [, port] = listener.address.split(":");
    for (let i = 1; i <= 3; i++) {
      const plugin = await dialIn();
      plugin.hello({ instance: `kv-${i}` });
      await plugin.got("welcome");
    }
    const open = Array.from({ length: 4 }, () => connect(Number(port), "127.0.0.1"));
    let closed = 0;
    for (const socket of open) {
      socket.on("error", () => {});
      socket.on("close", () => closed++);
      socket.resume();
    }
    t.after(() => open.forEach((socket) => socket.destroy()));
    await eventually(() => closed === 2);
    assert.equal(listener.refusedConnections, 2);
    assert.equal(listener.plugins().length, 3);
  });

  test("one connection cannot take up all greetings, and those that are bound go on", async (t) => {
    const { listener, dialIn } = await listen(t, { maxHalfOpen: 200, helloTimeoutMs: 60_000 });
    const plugin = await dialIn({ store: implementation });
    plugin.hello();
    await plugin.got("welcome");
    const flood = await dialIn();
    const codes: string[] = [];
    const never = async function* () {
      await new Promise(() => {});
      yield {};
    };
    for (let i = 0; i < 300; i++) {
      const answers = createClient(Bind, flood.channel.transport).attach(never());
      void (async () => {
        for await (const { frame } of answers) if (frame.case === "reject") codes.push(frame.value.code);
      })().catch(() => {});
    }
    await eventually(() => codes.length > 0);
    assert.ok(codes.every((code) => code === "host-busy"));
    const late = await dialIn();
    late.hello({ instance: "kv-2" });
    await late.got("welcome");
    const session = await eventually(() => listener.session("kv/kv-1"));
    assert.deepEqual((await storeOf(session).get({ key: "k" })).entry?.value, value);
  });

  test("a connection that sends more than a Hello needs, and no Hello, is closed, and the log says so", async (t) => {
    const { listener, records } = await listen(t, { helloTimeoutMs: 60_000 });
    const session = connectHttp2(`http://${listener.address}`).on("error", () => {});
    const call = session.request({
      ":method": "POST",
      ":path": "/tenon.bind.v1.Bind/Attach",
      "content-type": "application/grpc",
      te: "trailers",
    });
    // The first half of a message of 1 MiB.
    call.on("error", () => {}).write(Buffer.concat([Buffer.from([0, 0, 0x10, 0, 0]), Buffer.alloc(2 ** 19)]));
    await once(session, "close");
    await eventually(() => records.some(({ level, message }) => level === "warn" && message.includes("for a Hello")));
  });

  test("a frame that is too large ends its link, and no other [BIND-16]", async (t) => {
    const { listener, dialIn, event } = await listen(t, { maxFrameBytes: 2 ** 16 });
    const [one, two] = [await dialIn(), await dialIn({ store: implementation })];
    one.hello();
    two.hello({ instance: "kv-2" });
    await Promise.all([one.got("welcome"), two.got("welcome")]);
    one.send({ case: "bytes", value: new Uint8Array(2 ** 16 + 1) });
    assert.equal((await event("lost")).instance, "kv-1");
    await eventually(() => listener.session("kv/kv-2"));
  });

  test("frames that the host does not know are skipped [BIND-02]", async (t) => {
    const { dialIn, listener } = await listen(t);
    const plugin = await dialIn();
    plugin.hello();
    await plugin.got("welcome");
    plugin.send({ case: undefined });
    plugin.send({ case: "beat", value: { id: 9n } });
    assert.equal((await plugin.got("beatAnswer")).id, 9n);
    assert.equal(listener.plugins().length, 1);
  });
});
