import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer as listenTo, type AddressInfo, type Socket } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createDuplexPair, eventually, frameFlag, frameType, type RawFrame, RawPeer } from "@tenon/testkit";
import { createChannel, createServer, dial } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { load } from "./calls.js";
import { UnixEcho } from "./unix-echo.js";

const path = "/tenon.test.v1.Echo/Unary";
const emptyMessage = Buffer.alloc(5);
const lastStreamId = ({ payload }: RawFrame) => payload.readUInt32BE(0);

function serveRaw() {
  const [near, far] = createDuplexPair();
  const server = createServer().add(Echo, { unary: (request) => request });
  server.accept(far);
  const peer = new RawPeer(near);
  const frames = (type: number) => peer.frames.filter((frame) => frame.type === type);
  const call = (id: number) => peer.open(id, path).frame(frameType.data, frameFlag.endStream, id, emptyMessage);
  const answerPing = async () => {
    const ping = await peer.find(frameType.ping);
    peer.frame(frameType.ping, frameFlag.ack, 0, ping);
  };
  return { near, far, server, peer, frames, call, answerPing };
}

describe("a server that drains [WIRE-51]", () => {
  test("says so, takes what was on its way, and then says what it took", async () => {
    const { near, server, peer, frames, call, answerPing } = serveRaw();
    peer.greet();
    call(1);
    await peer.find(frameType.data, 1);
    const closed = server.close();
    await peer.goaway();
    // Sent before the first GOAWAY was heard of.
    call(3);
    await peer.find(frameType.data, 3);
    assert.deepEqual(frames(frameType.goaway).map(lastStreamId), [0x7fffffff]);
    await answerPing();
    await eventually(() => frames(frameType.goaway).length === 2);
    assert.deepEqual(frames(frameType.goaway).map(lastStreamId), [0x7fffffff, 3]);
    assert.deepEqual(frames(frameType.rstStream), []);
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    await eventually(() => peer.ended);
    assert.equal(isClosed, false, "closed before its peer had closed");
    near.end();
    await closed;
  });

  test("waits a second for a client that answers no PING, and refuses what comes later", async () => {
    const { near, server, peer, frames, call } = serveRaw();
    peer.greet();
    const begunAt = performance.now();
    const closed = server.close();
    await eventually(() => frames(frameType.goaway).length === 2);
    assert.ok(performance.now() - begunAt >= 900);
    call(1);
    await eventually(() => peer.ended);
    near.end();
    await closed;
  });

  test("serves a client whose preface is still on its way", async () => {
    const { near, server, peer, frames, call, answerPing } = serveRaw();
    await sleep(10);
    const closed = server.close();
    await sleep(10);
    peer.greet();
    call(1);
    await peer.find(frameType.data, 1);
    await answerPing();
    await eventually(() => frames(frameType.goaway).length === 2);
    near.end();
    await closed;
  });

  test("tells a client that says nothing, and ends, within its patience", async () => {
    for (const graceMs of [5000, 50]) {
      const { near, server, peer } = serveRaw();
      const begunAt = performance.now();
      const closed = server.close({ graceMs });
      if (graceMs === 5000) {
        assert.equal(await peer.goaway(), "NO_ERROR");
        await peer.find(frameType.settings);
        await eventually(() => peer.ended);
        near.end();
      } else {
        near.on("error", () => {});
        await eventually(() => peer.ended);
      }
      await closed;
      assert.ok(performance.now() - begunAt < 3000);
    }
  });

  test("turns away who comes too late, with a GOAWAY that a client of ours takes for a refusal", async () => {
    const server = createServer();
    const held = createDuplexPair();
    server.accept(held[1]);
    const closed = server.close();
    let connections = 0;
    const next = createServer().add(Echo, { unary: (request) => request });
    const channel = dial(() => {
      const [near, far] = createDuplexPair();
      (++connections === 1 ? server : next).accept(far);
      return near;
    });
    await createClient(Echo, channel.transport).unary({});
    assert.equal(connections, 2);
    held[0].destroy();
    await Promise.all([channel.close(), closed]);
    await next.close();
  });

  test("resolves when the clients' sockets are closed, and cuts off those that stay", async () => {
    const server = createServer();
    const sockets: Socket[] = [];
    const listener = listenTo({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      server.accept(socket);
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    // One of ours, which goes when it is told to, and one that keeps its side open.
    const channel = createChannel(connect(port, "127.0.0.1"));
    await channel.ping();
    const stubborn = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    stubborn.on("error", () => {});
    new RawPeer(stubborn).greet();
    await eventually(() => server.connectionCount === 2);
    listener.close();
    await server.close();
    assert.ok(sockets.every((socket) => socket.destroyed));
    assert.equal((await channel.closed).kind, "goaway");
    stubborn.destroy();
  });

  test("refuses no call of a client under load [WIRE-33]", async () => {
    using echo = new UnixEcho({ unary: (request) => request });
    await echo.listen();
    const channel = dial(echo.connect, { initialBackoffMs: 10, maxBackoffMs: 50 });
    const client = createClient(Echo, channel.transport);
    const calls = load(16, async () => {
      await client.unary({});
    });
    const drained: Promise<void>[] = [];
    for (let i = 0; i < 10; i++) {
      await sleep(20);
      const last = echo.server!;
      await echo.listen();
      drained.push(last.close());
    }
    assert.ok((await calls.stop()) > 100);
    await Promise.all(drained);
    // With one GOAWAY those on their way would have been refused and sent again.
    assert.equal(channel.stats().retries, 0);
    await channel.close();
  });
});
