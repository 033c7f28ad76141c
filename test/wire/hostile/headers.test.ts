import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frameBytes, frameFlag, frameType, hpackInteger, literalBlock, uint32 } from "@tenon/testkit";
import { openArena, path } from "./arena.js";

const mebibyte = 1024 * 1024;

describe("header blocks that are too much", () => {
  test("endless CONTINUATION frames, empty or full, end the connection", async () => {
    for (const size of [0, 16_384]) {
      await using arena = await openArena();
      const { peer } = arena;
      peer.greet().frame(frameType.headers, 0, 1, peer.request(path.unary));
      const next = frameBytes(frameType.continuation, 0, 1, Buffer.alloc(size));
      assert.ok((await peer.flood(() => next, 10_000)) < 200);
      assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
      await arena.holdsAtMost(4 * mebibyte);
    }
  });

  test("1 MB of header fields in one block ends the connection before it is decoded", async () => {
    await using arena = await openArena();
    const { peer } = arena;
    const block = literalBlock([["x-large", "x".repeat(1_000_000)]]);
    peer.greet().frame(frameType.headers, 0, 1, block.subarray(0, 16_384));
    const part = (i: number) => {
      const at = (i + 1) * 16_384;
      const flags = at + 16_384 >= block.length ? frameFlag.endHeaders : 0;
      return frameBytes(frameType.continuation, flags, 1, block.subarray(at, at + 16_384));
    };
    assert.ok((await peer.flood(part, Math.ceil(block.length / 16_384) - 1)) < 30);
    assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
    await arena.holdsAtMost(4 * mebibyte);
  });

  test("an HPACK bomb costs what its bytes cost, and its calls are refused", async () => {
    await using arena = await openArena();
    const { peer } = arena;
    // One entry of 4000 bytes goes into the table, then each byte of a block stands for all of it.
    const seed = Buffer.concat([Buffer.from([0x40, 1, 0x78]), hpackInteger(4000, 7), Buffer.alloc(4000, 0x61)]);
    const flags = frameFlag.endHeaders | frameFlag.endStream;
    peer.greet().frame(frameType.headers, flags, 1, Buffer.concat([peer.request(path.unary), seed]));
    const bomb = Buffer.concat([peer.request(path.unary), Buffer.alloc(16_000, 0x80 + 62)]);
    const frames = (i: number) => frameBytes(frameType.headers, flags, 3 + i * 2, bomb);
    assert.equal(await peer.flood(frames, 200), 200);
    // 64 MB of fields per block, if they were made.
    await arena.holdsAtMost(4 * mebibyte);
    const { payload } = peer.frames.find(({ id, type }) => id === 3 && type === frameType.headers)!;
    assert.ok(payload.includes(Buffer.from("\x018", "latin1")), "grpc-status 8");
  });

  test("streams that depend on one another in a circle change nothing, one that depends on itself is reset", async () => {
    await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
    const { peer } = arena;
    peer.greet().open(1, path.clientStream).open(3, path.clientStream);
    for (let i = 0; i < 1000; i++) {
      peer.frame(frameType.priority, 0, 1, Buffer.concat([uint32(3), Buffer.from([1])]));
      peer.frame(frameType.priority, 0, 3, Buffer.concat([uint32(1), Buffer.from([1])]));
    }
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
    peer.frame(frameType.priority, 0, 3, Buffer.concat([uint32(3), Buffer.from([1])]));
    assert.equal(await peer.reset(3), "PROTOCOL_ERROR");
    assert.equal(peer.ended, false);
  });
});
