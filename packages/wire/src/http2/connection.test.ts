import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckRequestSchema } from "@tenon/core";
import { createDuplexPair, eventually, literalBlock, RawPeer, uint32 } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer } from "../server/server.js";
import { Flag, FrameType, preface, Setting } from "./constants.js";
import { formatSettings } from "./settings.js";

const checkPath = "/grpc.health.v1.Health/Check";

function message(service = ""): Buffer {
  const bytes = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

function serveRaw(): { peer: RawPeer; destroy: () => void } {
  const [near, far] = createDuplexPair();
  const server = createServer({ maxConcurrentStreams: 2 }).add(Health, {
    check: ({ service }) => (service === "never" ? new Promise(() => {}) : { status: 1 }),
  });
  server.accept(far);
  const peer = new RawPeer(near);
  near.write(preface);
  return { peer, destroy: () => server.destroy() };
}

function settings(peer: RawPeer, ...entries: [id: number, value: number][]): RawPeer {
  return peer.frame(FrameType.settings, 0, 0, formatSettings(entries));
}

/** What ends the whole connection, and with which code: RFC 9113. */
const fatal: readonly [what: string, send: (peer: RawPeer) => unknown, code: string][] = [
  ["a first frame that is no SETTINGS", (peer) => peer.frame(FrameType.ping, 0, 0, Buffer.alloc(8)), "PROTOCOL_ERROR"],
  ["SETTINGS on a stream", (peer) => peer.frame(FrameType.settings, 0, 1), "PROTOCOL_ERROR"],
  ["SETTINGS of five bytes", (peer) => peer.frame(FrameType.settings, 0, 0, Buffer.alloc(5)), "FRAME_SIZE_ERROR"],
  [
    "an ack with a payload",
    (peer) => settings(peer).frame(FrameType.settings, 1, 0, Buffer.alloc(6)),
    "FRAME_SIZE_ERROR",
  ],
  ["a window of 2^31", (peer) => settings(peer, [Setting.initialWindowSize, 0x80000000]), "FLOW_CONTROL_ERROR"],
  ["a frame size of 100", (peer) => settings(peer, [Setting.maxFrameSize, 100]), "PROTOCOL_ERROR"],
  ["ENABLE_PUSH 2", (peer) => settings(peer, [Setting.enablePush, 2]), "PROTOCOL_ERROR"],
  ["PING of seven bytes", (peer) => settings(peer).frame(FrameType.ping, 0, 0, Buffer.alloc(7)), "FRAME_SIZE_ERROR"],
  ["PING on a stream", (peer) => settings(peer).frame(FrameType.ping, 0, 1, Buffer.alloc(8)), "PROTOCOL_ERROR"],
  ["PUSH_PROMISE", (peer) => settings(peer).frame(FrameType.pushPromise, 4, 1, Buffer.alloc(4)), "PROTOCOL_ERROR"],
  ["DATA on an idle stream", (peer) => settings(peer).frame(FrameType.data, 0, 1, Buffer.alloc(1)), "PROTOCOL_ERROR"],
  ["DATA on stream 0", (peer) => settings(peer).frame(FrameType.data, 0, 0, Buffer.alloc(1)), "PROTOCOL_ERROR"],
  [
    "padding beyond the payload",
    (peer) => settings(peer).frame(FrameType.data, Flag.padded, 1, Buffer.from([9, 0])),
    "PROTOCOL_ERROR",
  ],
  [
    "a stream with an even id",
    (peer) => settings(peer).frame(FrameType.headers, 5, 2, peer.request(checkPath)),
    "PROTOCOL_ERROR",
  ],
  [
    "HEADERS on stream 0",
    (peer) => settings(peer).frame(FrameType.headers, 5, 0, peer.request(checkPath)),
    "PROTOCOL_ERROR",
  ],
  [
    "a broken header block",
    (peer) => settings(peer).frame(FrameType.headers, 5, 1, Buffer.from([0x80])),
    "COMPRESSION_ERROR",
  ],
  ["CONTINUATION without HEADERS", (peer) => settings(peer).frame(FrameType.continuation, 4, 1), "PROTOCOL_ERROR"],
  [
    "a frame between HEADERS and CONTINUATION",
    (peer) =>
      settings(peer)
        .frame(FrameType.headers, 0, 1, peer.request(checkPath))
        .frame(FrameType.ping, 0, 0, Buffer.alloc(8)),
    "PROTOCOL_ERROR",
  ],
  [
    "endless CONTINUATION frames",
    (peer) => {
      settings(peer).frame(FrameType.headers, 0, 1, peer.request(checkPath));
      for (let i = 0; i < 100; i++) peer.frame(FrameType.continuation, 0, 1);
    },
    "ENHANCE_YOUR_CALM",
  ],
  [
    "RST_STREAM on an idle stream",
    (peer) => settings(peer).frame(FrameType.rstStream, 0, 7, uint32(8)),
    "PROTOCOL_ERROR",
  ],
  [
    "RST_STREAM of three bytes",
    (peer) => settings(peer).frame(FrameType.rstStream, 0, 7, Buffer.alloc(3)),
    "FRAME_SIZE_ERROR",
  ],
  ["WINDOW_UPDATE by 0", (peer) => settings(peer).frame(FrameType.windowUpdate, 0, 0, uint32(0)), "PROTOCOL_ERROR"],
  [
    "WINDOW_UPDATE on an idle stream",
    (peer) => settings(peer).frame(FrameType.windowUpdate, 0, 9, uint32(1)),
    "PROTOCOL_ERROR",
  ],
  [
    "a connection window over 2^31-1",
    (peer) => settings(peer).frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff)),
    "FLOW_CONTROL_ERROR",
  ],
  ["PRIORITY on stream 0", (peer) => settings(peer).frame(FrameType.priority, 0, 0, Buffer.alloc(5)), "PROTOCOL_ERROR"],
  ["GOAWAY of four bytes", (peer) => settings(peer).frame(FrameType.goaway, 0, 0, Buffer.alloc(4)), "FRAME_SIZE_ERROR"],
  [
    "a frame over the size limit",
    (peer) => settings(peer).frame(FrameType.data, 0, 1, Buffer.alloc(16385)),
    "FRAME_SIZE_ERROR",
  ],
];

describe("a peer that breaks the protocol is told why, and the connection ends [WIRE-14]", () => {
  for (const [what, send, code] of fatal) {
    test(what, async () => {
      const { peer, destroy } = serveRaw();
      send(peer);
      assert.equal(await peer.goaway(), code);
      await eventually(() => peer.ended);
      destroy();
    });
  }
});

describe("a broken stream is reset, the connection goes on", () => {
  const broken: readonly [what: string, send: (peer: RawPeer) => unknown, code: string][] = [
    [
      "an upper-case field name",
      (peer) => peer.frame(FrameType.headers, 5, 1, peer.request(checkPath, { "X-Upper": "1" })),
      "PROTOCOL_ERROR",
    ],
    [
      "a connection-specific field",
      (peer) => peer.frame(FrameType.headers, 5, 1, peer.request(checkPath, { connection: "close" })),
      "PROTOCOL_ERROR",
    ],
    ["no path", (peer) => peer.frame(FrameType.headers, 5, 1, peer.request("")), "PROTOCOL_ERROR"],
    [
      "an unknown pseudo field",
      (peer) => peer.frame(FrameType.headers, 5, 1, peer.request(checkPath, { ":odd": "1" })),
      "PROTOCOL_ERROR",
    ],
    [
      "a stream window over 2^31-1",
      (peer) =>
        peer
          .frame(FrameType.headers, 4, 1, peer.request(checkPath))
          .frame(FrameType.windowUpdate, 0, 1, uint32(0x7fffffff)),
      "FLOW_CONTROL_ERROR",
    ],
    [
      "a stream beyond the limit",
      (peer) => {
        for (const id of [3, 5]) {
          peer.frame(FrameType.headers, 4, id, peer.request(checkPath)).frame(FrameType.data, 1, id, message("never"));
        }
        peer.frame(FrameType.headers, 5, 7, peer.request(checkPath));
      },
      "REFUSED_STREAM",
    ],
  ];
  for (const [what, send, code] of broken) {
    test(what, async () => {
      const { peer, destroy } = serveRaw();
      settings(peer);
      send(peer);
      assert.equal(await peer.reset(what.includes("limit") ? 7 : 1), code);
      peer.frame(FrameType.ping, 0, 0, Buffer.from("12345678"));
      await eventually(() => peer.frames.some(({ type, flags }) => type === FrameType.ping && flags === Flag.ack));
      destroy();
    });
  }
});

test("PING and SETTINGS are acknowledged [WIRE-07] [WIRE-08]", async () => {
  const { peer, destroy } = serveRaw();
  settings(peer).frame(FrameType.ping, 0, 0, Buffer.from("12345678"));
  assert.equal((await peer.find(FrameType.ping)).toString(), "12345678");
  await eventually(() => peer.frames.some(({ type, flags }) => type === FrameType.settings && flags === Flag.ack));
  destroy();
});

test("unknown frame types and settings are ignored", async () => {
  const { peer, destroy } = serveRaw();
  settings(peer, [0x99, 7]).frame(0xfe, 0xff, 3, Buffer.from("?")).frame(FrameType.ping, 0, 0, Buffer.alloc(8));
  await peer.find(FrameType.ping);
  destroy();
});

test("an answer waits for the peer's window, and a changed initial window applies at once [WIRE-07]", async () => {
  const { peer, destroy } = serveRaw();
  settings(peer, [Setting.initialWindowSize, 3]);
  peer.frame(FrameType.headers, 4, 1, peer.request(checkPath)).frame(FrameType.data, 1, 1, message());
  const data = (): number[] =>
    peer.frames.filter(({ type }) => type === FrameType.data).map(({ payload }) => payload.length);
  await eventually(() => data().length === 1);
  assert.deepEqual(data(), [3]);
  settings(peer, [Setting.initialWindowSize, 5]);
  await eventually(() => data().length === 2);
  assert.deepEqual(data(), [3, 2]);
  peer.frame(FrameType.windowUpdate, 0, 1, uint32(100));
  await eventually(() => peer.frames.filter(({ type }) => type === FrameType.headers).length === 2);
  assert.deepEqual(data(), [3, 2, 2]);
  destroy();
});

test("a peer that asks for answers and reads none is cut off, its memory bounded", async () => {
  const [near, far] = createDuplexPair({ highWaterMarkBytes: 1024 });
  const server = createServer({ maxReceiveMessageBytes: 100 }).add(Health, { check: () => ({ status: 1 }) });
  server.accept(far);
  near.on("error", () => {});
  const head = Buffer.from([0, 0, 8, FrameType.ping, 0, 0, 0, 0, 0]);
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([head, Buffer.alloc(8)])));
  near.write(Buffer.concat([Buffer.from(preface), Buffer.from([0, 0, 0, FrameType.settings, 0, 0, 0, 0, 0])]));
  for (let i = 0; i < 200 && !far.destroyed; i++) await new Promise((resolve) => near.write(pings, resolve));
  await eventually(() => server.connectionCount === 0);
});

test("any :authority is served [WIRE-11]", async () => {
  for (const authority of ["unused", "localhost", "%2Ftmp%2Fx.sock", ""]) {
    const { peer, destroy } = serveRaw();
    const block = peer.request(checkPath, { ":authority": authority });
    settings(peer).frame(FrameType.headers, 4, 1, block).frame(FrameType.data, 1, 1, message());
    await peer.find(FrameType.data, 1);
    destroy();
  }
});

test("a request that is no gRPC gets an HTTP status", async () => {
  const { peer, destroy } = serveRaw();
  settings(peer).frame(FrameType.headers, 5, 1, peer.request(checkPath, { "content-type": "text/html" }));
  await peer.find(FrameType.headers, 1);
  destroy();
});

for (const bytes of [
  "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01",
  "PRI * HTTP/2.0\r\n\r\nXX",
]) {
  test(`a stream that begins with ${JSON.stringify(bytes.slice(0, 8))}… is closed`, async () => {
    const [near, far] = createDuplexPair();
    const server = createServer();
    server.accept(far);
    near.on("error", () => {});
    near.write(bytes, "latin1");
    near.resume();
    await once(near, "end");
    await server.close();
  });
}

test("a client that meets something else fails its calls with a reason", async () => {
  const [near, far] = createDuplexPair();
  far.on("error", () => {});
  far.resume();
  const channel = createChannel(near);
  const call = createClient(Health, channel.transport).check({});
  far.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  await assert.rejects(call, /HTTP\/2|frame/);
  assert.equal((await channel.closed).kind, "error");
});

test("an answer without trailers, with a wrong content-type or with HTTP 503 is an error", async () => {
  const answers: [send: (peer: RawPeer) => unknown, expected: RegExp][] = [
    [(peer) => peer.frame(FrameType.headers, 5, 1, literalBlock([[":status", "503"]])), /\[unavailable\].*503/],
    [
      (peer) =>
        peer.frame(
          FrameType.headers,
          4,
          1,
          literalBlock([
            [":status", "200"],
            ["content-type", "text/html"],
          ]),
        ),
      /text\/html/,
    ],
    [
      (peer) =>
        peer
          .frame(
            FrameType.headers,
            4,
            1,
            literalBlock([
              [":status", "200"],
              ["content-type", "application/grpc"],
            ]),
          )
          .frame(FrameType.data, 1, 1, Buffer.from([0, 0, 0, 0, 0])),
      /without trailers/,
    ],
    [(peer) => peer.frame(FrameType.rstStream, 0, 1, uint32(7)), /\[unavailable\]/],
    [(peer) => peer.frame(FrameType.rstStream, 0, 1, uint32(11)), /\[resource_exhausted\]/],
  ];
  for (const [send, expected] of answers) {
    const [near, far] = createDuplexPair();
    const peer = new RawPeer(far, preface.length);
    const channel = createChannel(near);
    const call = createClient(Health, channel.transport).check({});
    call.catch(() => {});
    await peer.find(FrameType.headers);
    settings(peer);
    send(peer);
    await assert.rejects(call, expected);
    channel.destroy();
  }
});
