import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  clientPreface,
  createDuplexPair,
  eventually,
  frameBytes,
  frameFlag,
  frameType,
  literalBlock,
  RawPeer,
} from "@tenon/testkit";
import { createChannel } from "@tenon/wire";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { framed, openArena, path } from "./arena.js";

const mebibyte = 1024 * 1024;

/** The grpc-status of the trailers of a stream: the only digits that are not Huffman-coded, behind their length. */
async function status(peer: RawPeer, id: number): Promise<number> {
  const { payload } = await eventually(
    () => peer.frames.find((frame) => frame.id === id && (frame.flags & frameFlag.endStream) !== 0),
    { what: "trailers" },
  );
  const code = Array.from({ length: 17 }, (_, i) => i).findLast((each) => {
    const digits = String(each);
    return payload.includes(Buffer.from([digits.length, ...Buffer.from(digits)]));
  });
  return code ?? assert.fail("no grpc-status");
}

/** A gzip of 1 GiB of zeros in 1 MiB: sixteen members of 64 MiB, one behind the other (RFC 1952 §2.2). */
async function bomb(): Promise<Buffer> {
  const member = await promisify(gzip)(Buffer.alloc(64 * mebibyte), { level: 9 });
  return Buffer.concat(Array.from({ length: 16 }, () => member));
}

/** A body in DATA frames of at most 16 KiB. */
function dataFrames(id: number, body: Buffer, endStream: boolean): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < body.length; at += 16_384) {
    const last = at + 16_384 >= body.length && endStream;
    frames.push(frameBytes(frameType.data, last ? frameFlag.endStream : 0, id, body.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

describe("messages that are not what they say [WIRE-44]", () => {
  test("an announced 4 GiB is refused, an announced 1 GiB takes no memory before it comes", async () => {
    await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
    const { peer } = arena;
    peer
      .greet()
      .open(1, path.unary)
      .frame(frameType.data, 0, 1, framed(Buffer.alloc(3), 0, 0xffffffff));
    assert.equal(await status(peer, 1), Code.ResourceExhausted);
    for (let id = 3; id < 203; id += 2) {
      peer.open(id, path.unary).frame(frameType.data, 0, id, framed(Buffer.alloc(100), 0, 2 ** 30));
    }
    peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    await peer.find(frameType.ping);
    // Of 100 GiB; 3.5 MiB are code that runs for the first time.
    await arena.holdsAtMost(8 * mebibyte);
  });

  test("a message in millions of 1-byte DATA frames ends its call, with bounded memory", async () => {
    await using arena = await openArena({ service: { clientStream: () => new Promise(() => {}) } });
    const { peer } = arena;
    peer
      .greet()
      .open(1, path.unary)
      .frame(frameType.data, 0, 1, framed(Buffer.alloc(0), 0, 4 * mebibyte));
    const kilo = Buffer.concat(Array.from({ length: 1000 }, () => frameBytes(frameType.data, 0, 1, Buffer.alloc(1))));
    await peer.flood(() => kilo, 10);
    assert.equal(await status(peer, 1), Code.ResourceExhausted);
  });

  test("many calls whose messages come byte by byte take no more than a few times their bytes", async () => {
    await using arena = await openArena();
    const { peer } = arena;
    peer.greet();
    for (let id = 1; id < 400; id += 2) {
      peer.open(id, path.unary).frame(frameType.data, 0, id, framed(Buffer.alloc(0), 0, mebibyte));
    }
    const round = Buffer.concat(
      Array.from({ length: 200 }, (_, i) => frameBytes(frameType.data, 0, i * 2 + 1, Buffer.alloc(1))),
    );
    assert.equal(await peer.flood(() => round, 400), 400);
    // 80 000 parts: a view of each would be 200 bytes.
    await arena.holdsAtMost(4 * mebibyte);
  });

  test("a gzip bomb of 1 GiB stops at the limit, on a server [WIRE-41]", async () => {
    const packed = await bomb();
    await using arena = await openArena({ server: { maxReceiveMessageBytes: 4 * mebibyte } });
    const peak = process.resourceUsage().maxRSS;
    const { peer } = arena;
    peer.greet().open(1, path.unary, { "grpc-encoding": "gzip" });
    peer.stream.write(dataFrames(1, framed(packed, 1), true));
    assert.equal(await status(peer, 1), Code.ResourceExhausted);
    assert.ok(process.resourceUsage().maxRSS - peak < 64 * 1024);
    await arena.holdsAtMost(8 * mebibyte);
  });

  test("a gzip bomb of 1 GiB stops at the limit, on a client [WIRE-41]", async () => {
    const packed = await bomb();
    const [near, far] = createDuplexPair();
    const peer = new RawPeer(far, clientPreface.length);
    const channel = createChannel(near, { maxReceiveMessageBytes: 4 * mebibyte });
    const peak = process.resourceUsage().maxRSS;
    const call = createClient(Echo, channel.transport).unary({});
    const failed = assert.rejects(call, (error) => ConnectError.from(error).code === Code.ResourceExhausted);
    await peer.find(frameType.headers);
    const head = literalBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-encoding", "gzip"],
    ]);
    peer.frame(frameType.settings, 0, 0).frame(frameType.headers, frameFlag.endHeaders, 1, head);
    peer.stream.write(dataFrames(1, framed(packed, 1), false));
    const trailers = literalBlock([["grpc-status", "0"]]);
    peer.frame(frameType.headers, frameFlag.endHeaders | frameFlag.endStream, 1, trailers);
    await failed;
    assert.ok(process.resourceUsage().maxRSS - peak < 64 * 1024);
    channel.destroy();
  });

  const broken: readonly [what: string, encoding: string | undefined, body: Buffer, expected: Code][] = [
    ["a compressed message without grpc-encoding", undefined, framed(Buffer.from("x"), 1), Code.Internal],
    ["a compressed message that is no gzip", "gzip", framed(Buffer.from("no gzip at all"), 1), Code.Internal],
    ["an empty compressed message", "gzip", framed(Buffer.alloc(0), 1), Code.Internal],
    ["a compressed message of which half came", "gzip", framed(Buffer.from("1f8b0800", "hex"), 1), Code.Internal],
    ["an unknown encoding", "zstd", framed(Buffer.alloc(0)), Code.Unimplemented],
    ["an unknown flag", "gzip", framed(Buffer.alloc(0), 2), Code.Internal],
  ];
  for (const [what, encoding, body, expected] of broken) {
    test(`${what} fails its call only`, async () => {
      await using arena = await openArena();
      const { peer } = arena;
      peer.greet().open(1, path.unary, encoding === undefined ? {} : { "grpc-encoding": encoding });
      peer.frame(frameType.data, frameFlag.endStream, 1, body);
      assert.equal(await status(peer, 1), expected);
      peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
      await peer.find(frameType.ping);
    });
  }
});

test("a window full of empty messages that nobody takes is held packed [WIRE-44]", async () => {
  let release = (): void => {};
  const reading = new Promise<void>((resolve) => {
    release = resolve;
  });
  let count = 0;
  await using arena = await openArena({
    server: { streamWindowBytes: mebibyte },
    service: {
      async clientStream(requests) {
        await reading;
        for await (const _ of requests) count++;
        return {};
      },
    },
  });
  const { peer } = arena;
  peer.greet().open(1, path.clientStream);
  // 200 000 messages in the 1 MiB of a window; as objects they take 40 MB.
  const thousand = Buffer.concat(Array.from({ length: 2000 }, () => framed(Buffer.alloc(0))));
  assert.equal(await peer.flood((i) => dataFrames(1, thousand, i === 99), 100), 100);
  await arena.holdsAtMost(6 * mebibyte);
  release();
  await peer.find(frameType.data, 1);
  assert.equal(count, 200_000);
});
