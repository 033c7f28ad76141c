import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frameBytes, frameFlag, frameType, type RawPeer, uint32 } from "@tenon/testkit";
import { framed, openArena, path } from "./arena.js";

const mebibyte = 1024 * 1024;

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

/** Frames that move no call on, a thousand in a write. The peer reads what comes back. */
const floods: readonly [what: string, frame: Buffer, prepare?: (peer: RawPeer) => unknown][] = [
  ["PING", frameBytes(frameType.ping, 0, 0, Buffer.alloc(8))],
  ["PING acks", frameBytes(frameType.ping, frameFlag.ack, 0, Buffer.alloc(8))],
  ["SETTINGS", frameBytes(frameType.settings, 0, 0)],
  ["SETTINGS acks", frameBytes(frameType.settings, frameFlag.ack, 0)],
  ["PRIORITY", frameBytes(frameType.priority, 0, 9, Buffer.from([0, 0, 0, 7, 1]))],
  ["frames of unknown types", frameBytes(0x77, 0, 3, Buffer.alloc(1))],
  ["WINDOW_UPDATE by 1", frameBytes(frameType.windowUpdate, 0, 0, uint32(1))],
  ["empty DATA", frameBytes(frameType.data, 0, 1), (peer) => peer.open(1, path.clientStream)],
  [
    "DATA that is all padding",
    frameBytes(frameType.data, frameFlag.padded, 1, Buffer.from([3, 0, 0, 0])),
    (peer) => peer.open(1, path.clientStream),
  ],
  [
    "WINDOW_UPDATE on a stream that has ended",
    frameBytes(frameType.windowUpdate, 0, 1, uint32(5000)),
    (peer) => peer.open(1, "/no.such.Service/Method"),
  ],
];

describe("a flood of frames that move no call on ends its connection, with bounded memory [WIRE-43]", () => {
  for (const [what, frame, prepare] of floods) {
    test(what, async () => {
      await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
      const { peer } = arena;
      peer.greet();
      prepare?.(peer);
      const thousand = repeated(frame, 1000);
      const writes = await peer.flood(() => thousand, 1000);
      assert.ok(writes < 300, `${writes} thousand frames were taken`);
      assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
      peer.frames.length = 0;
      await arena.holdsAtMost(8 * mebibyte);
    });
  }

  test("SETTINGS that change the window of many streams cost more", async () => {
    await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
    const { peer } = arena;
    peer.greet();
    for (let id = 1; id < 4000; id += 2) peer.open(id, path.clientStream);
    const settings = (i: number) => {
      const payload = Buffer.from([0, 4, 0, 0, 0, 0]);
      payload.writeUInt32BE(70_000 + (i % 2), 2);
      return frameBytes(frameType.settings, 0, 0, payload);
    };
    assert.ok((await peer.flood(settings, 2000)) < 1000);
    assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
  });
});

describe("rapid reset [WIRE-43]", () => {
  /** One call and its end, a hundred calls in a write. */
  function calls(end: (id: number) => Buffer): (peer: RawPeer) => (i: number) => Buffer {
    return (peer) => {
      const head = peer.request(path.unary);
      return (i) =>
        Buffer.concat(
          Array.from({ length: 100 }, (_, n) => {
            const id = (i * 100 + n) * 2 + 1;
            const flags = frameFlag.endHeaders;
            const body = frameBytes(frameType.data, frameFlag.endStream, id, framed(Buffer.alloc(0)));
            return Buffer.concat([frameBytes(frameType.headers, flags, id, head), body, end(id)]);
          }),
        );
    };
  }

  const ways: readonly [what: string, end: (id: number) => Buffer][] = [
    ["the client resets its calls", (id) => frameBytes(frameType.rstStream, 0, id, uint32(8))],
    ["the client makes the server reset them", (id) => frameBytes(frameType.windowUpdate, 0, id, uint32(0))],
  ];
  for (const [what, end] of ways) {
    test(`${what}: few handlers begin, the connection ends`, async () => {
      let begun = 0;
      await using arena = await openArena({
        service: {
          unary: (request) => {
            // The neighbour's calls have a chunk, those of the attack are empty.
            if (request.chunks.length > 0) return request;
            begun++;
            return new Promise(() => {});
          },
        },
      });
      const { peer } = arena;
      await peer.greet().flood(calls(end)(peer), 1000);
      assert.equal(await peer.goaway(), "ENHANCE_YOUR_CALM");
      assert.ok(begun < 3000, `${begun} handlers began`);
    });
  }

  test("handlers that outlive their calls count against maxConcurrentStreams", async () => {
    let begun = 0;
    await using arena = await openArena({
      server: { maxConcurrentStreams: 50 },
      service: {
        unary: (request) => {
          if (request.chunks.length > 0) return request;
          begun++;
          return new Promise(() => {});
        },
      },
    });
    const { peer } = arena;
    await peer.greet().flood(calls(ways[0]![1])(peer), 5);
    assert.equal(await peer.reset(301), "REFUSED_STREAM");
    assert.equal(begun, 50);
  });

  test("a client that cancels every other call is served on", async () => {
    await using arena = await openArena({
      server: { maxResetsPerSecond: 10 },
      service: { unary: (request) => (request.chunks.length > 0 ? request : new Promise(() => {})) },
    });
    const { peer } = arena;
    peer.greet();
    const head = peer.request(path.unary);
    const answered = framed(Buffer.from([0x0a, 0]));
    const call = (id: number, body: Buffer) =>
      Buffer.concat([
        frameBytes(frameType.headers, frameFlag.endHeaders, id, head),
        frameBytes(frameType.data, frameFlag.endStream, id, body),
      ]);
    const two = (i: number) =>
      Buffer.concat([
        call(i * 4 + 1, answered),
        call(i * 4 + 3, framed(Buffer.alloc(0))),
        frameBytes(frameType.rstStream, 0, i * 4 + 3, uint32(8)),
      ]);
    assert.equal(await peer.flood(two, 500), 500);
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
  });
});
