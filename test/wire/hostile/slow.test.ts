import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frameBytes, frameFlag, frameType } from "@tenon/testkit";
import { framed, openArena, path } from "./arena.js";

const mebibyte = 1024 * 1024;
const end = frameFlag.endHeaders | frameFlag.endStream;

describe("a peer that does not read", () => {
  test("a stream without window makes its handler wait, however many there are", async () => {
    let produced = 0;
    await using arena = await openArena({
      service: {
        async *serverStream() {
          for (;;) {
            produced++;
            yield await Promise.resolve({ chunks: [Buffer.alloc(1000)] });
          }
        },
      },
    });
    const { peer } = arena;
    // SETTINGS_INITIAL_WINDOW_SIZE 0: nothing may ever be sent.
    peer.greet(Buffer.from([0, 4, 0, 0, 0, 0]));
    for (let id = 1; id < 2000; id += 2) {
      peer.open(id, path.serverStream).frame(frameType.data, frameFlag.endStream, id, framed(Buffer.alloc(0)));
    }
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
    await arena.holdsAtMost(16 * mebibyte);
    assert.ok(produced <= 2000, `${produced} messages for 1000 calls that none can be sent of`);
  });

  test("answers that nobody reads stop the server from reading further requests, until somebody does", async () => {
    await using arena = await openArena({ highWaterMarkBytes: 16_384 });
    const { peer } = arena;
    peer.stream.pause();
    peer.greet();
    const block = peer.request("/no.such.Service/Method");
    const hundred = (i: number) =>
      Buffer.concat(
        Array.from({ length: 100 }, (_, n) => frameBytes(frameType.headers, end, (i * 100 + n) * 2 + 1, block)),
      );
    const written = await peer.flood(hundred, 2000, 300);
    assert.ok(written < 500, `${written * 100} requests were read of a peer that reads no answer`);
    await arena.holdsAtMost(16 * mebibyte);
    peer.stream.resume();
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
    assert.equal(peer.frames.filter(({ type }) => type === frameType.headers).length, (written + 1) * 100);
  });
});

describe("a peer that stops sending half-way [WIRE-42]", () => {
  const server = { requestIdleTimeoutMs: 50 };
  const waiting = { service: { clientStream: () => new Promise<never>(() => {}) }, server };

  /** grpc-status 4, DEADLINE_EXCEEDED, among the fields of the answer. */
  const deadline = Buffer.from("\x014", "latin1");

  test("within a message: the call ends", async () => {
    await using arena = await openArena(waiting);
    const { peer } = arena;
    peer
      .greet()
      .open(1, path.clientStream)
      .frame(frameType.data, 0, 1, framed(Buffer.alloc(3), 0, 10));
    assert.ok((await peer.find(frameType.headers, 1)).includes(deadline));
    assert.equal(await peer.reset(1), "NO_ERROR");
  });

  test("before the one message of a request, and behind it without an end: the call ends", async () => {
    for (const body of [undefined, framed(Buffer.alloc(0))]) {
      await using arena = await openArena(waiting);
      const { peer } = arena;
      peer.greet().open(1, path.unary);
      if (body !== undefined) peer.frame(frameType.data, 0, 1, body);
      assert.ok((await peer.find(frameType.headers, 1)).includes(deadline));
    }
  });

  test("within a frame or a header block: the connection ends", async () => {
    for (const bytes of [
      frameBytes(frameType.data, 0, 1, framed(Buffer.alloc(100))).subarray(0, 50),
      Buffer.from([0, 0]),
      frameBytes(frameType.headers, 0, 3, Buffer.alloc(0)),
    ]) {
      await using arena = await openArena(waiting);
      const { peer } = arena;
      peer.greet().open(1, path.clientStream).stream.write(bytes);
      assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
    }
  });

  test("a stream that rests between two messages, or moves on slowly, lives", async () => {
    await using arena = await openArena(waiting);
    const { peer } = arena;
    peer
      .greet()
      .open(1, path.clientStream)
      .frame(frameType.data, 0, 1, framed(Buffer.alloc(3)));
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(arena.server.inFlight > 0, true);
    const message = framed(Buffer.alloc(40));
    for (const byte of message) {
      peer.frame(frameType.data, 0, 1, Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
    assert.equal(peer.frames.filter(({ id }) => id === 1).length, 0);
  });
});
