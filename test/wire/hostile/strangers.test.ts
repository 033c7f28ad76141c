import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { clientPreface, createDuplexPair, eventually, frameBytes, frameFlag, frameType, uint32 } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { framed, openArena, path } from "./arena.js";

describe("bytes of another protocol end the connection without an answer", () => {
  const openings: readonly [what: string, bytes: Buffer][] = [
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["TLS", Buffer.from("160301020001000100030", "hex")],
    ["zeros", Buffer.alloc(100)],
    ["random bytes", Buffer.from("8f3a5be01944aa", "hex")],
    ["a preface that ends otherwise", Buffer.from("PRI * HTTP/2.0\r\n\r\nSN")],
    ["a frame before the preface", frameBytes(frameType.settings, 0, 0)],
    ["a preface behind garbage", Buffer.from(`x${clientPreface}`)],
  ];
  for (const [what, bytes] of openings) {
    test(what, async () => {
      await using arena = await openArena();
      arena.peer.stream.write(bytes);
      await eventually(() => arena.peer.ended);
      assert.equal(arena.peer.frames.length, 0);
    });
  }
});

describe("WINDOW_UPDATE that RFC 9113 forbids", () => {
  test("zero and overflow on the connection end it", async () => {
    for (const [increment, code] of [
      [0, "PROTOCOL_ERROR"],
      [0x7fffffff, "FLOW_CONTROL_ERROR"],
    ] as const) {
      await using arena = await openArena();
      arena.peer.greet().frame(frameType.windowUpdate, 0, 0, uint32(increment));
      assert.equal(await arena.peer.goaway(), code);
      await eventually(() => arena.peer.ended);
      await eventually(() => arena.server.connectionCount === 1);
    }
  });

  test("zero and overflow on a stream end that stream", async () => {
    await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
    const { peer } = arena;
    peer.greet().open(1, path.clientStream).open(3, path.clientStream);
    peer.frame(frameType.windowUpdate, 0, 1, uint32(0)).frame(frameType.windowUpdate, 0, 3, uint32(0x7fffffff));
    assert.equal(await peer.reset(1), "PROTOCOL_ERROR");
    assert.equal(await peer.reset(3), "FLOW_CONTROL_ERROR");
    assert.equal(peer.ended, false);
  });
});

test("behind the last stream identifier there is none: a lower one ends the connection", async () => {
  await using arena = await openArena();
  const { peer } = arena;
  const last = 0x7fffffff;
  peer.greet().open(last, path.unary);
  peer.frame(frameType.data, frameFlag.endStream, last, framed(Buffer.alloc(0)));
  await peer.find(frameType.data, last);
  peer.open(5, path.unary);
  assert.equal(await peer.goaway(), "STREAM_CLOSED");
});

/** The bytes that both sides of one connection write for one call, and whether it ends well. */
async function record(): Promise<{ client: Buffer; server: Buffer }> {
  const [near, far] = createDuplexPair();
  const [client, server]: Buffer[][] = [[], []];
  far.on("data", (chunk: Buffer) => client!.push(chunk));
  near.on("data", (chunk: Buffer) => server!.push(chunk));
  const serving = createServer().add(Echo, { unary: (request) => request });
  serving.accept(far);
  const channel = createChannel(near);
  await createClient(Echo, channel.transport).unary({ chunks: [Buffer.from("hello")] });
  const bytes = { client: Buffer.concat(client!), server: Buffer.concat(server!) };
  channel.destroy();
  serving.destroy();
  return bytes;
}

describe("a connection that is cut at every byte of a call", () => {
  test("leaves nothing behind on the server", async () => {
    const { client } = await record();
    const server = createServer().add(Echo, { unary: (request) => request });
    for (let at = 0; at <= client.length; at++) {
      const [near, far] = createDuplexPair();
      near.on("error", () => {});
      near.resume();
      server.accept(far);
      await new Promise((resolve) => near.write(client.subarray(0, at), resolve));
      near.destroy();
    }
    await eventually(() => server.connectionCount === 0 && server.inFlight === 0);
    await server.close();
  });

  test("ends the client's call exactly once, with UNAVAILABLE until it is complete", async () => {
    const { server } = await record();
    let answered = 0;
    for (let at = 0; at <= server.length; at++) {
      const [near, far] = createDuplexPair();
      far.on("error", () => {});
      far.resume();
      const channel = createChannel(near);
      let outcomes = 0;
      const call = createClient(Echo, channel.transport).unary({ chunks: [Buffer.from("hello")] });
      const ended = call.then(
        () => {
          outcomes++;
          answered++;
        },
        (error: unknown) => {
          outcomes++;
          assert.equal(ConnectError.from(error).code, Code.Unavailable);
        },
      );
      if (at > 0) await new Promise((resolve) => far.write(server.subarray(0, at), resolve));
      far.end();
      far.destroy();
      await ended;
      await channel.closed;
      assert.equal(outcomes, 1);
      assert.equal(channel.inFlight, 0);
    }
    assert.ok(answered >= 1);
  });
});
