import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually, type RawPeer, uint32 } from "@tenon/testkit";
import { Flag, FrameType, Setting } from "./constants.js";
import { checkPath, message, serveRaw, settings } from "./raw-health.testing.js";

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
