import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair, literalBlock, RawPeer, uint32 } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer } from "../server/server.js";
import { FrameType, preface } from "./constants.js";
import { settings } from "./raw-health.testing.js";

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

const strangers: [bytes: string, reason: RegExp][] = [
  ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", /speaks HTTP\/1, not HTTP\/2/],
  ["\x15\x03\x01\x00\x02\x02\x16", /speaks TLS; connect to it with TLS/],
  ["SSH-2.0-OpenSSH_9.2\r\n", /a frame of 5460808 bytes was announced/],
];

for (const [bytes, reason] of strangers) {
  test(`a client that meets ${JSON.stringify(bytes.slice(0, 8))}… fails its calls with a reason`, async () => {
    const [near, far] = createDuplexPair();
    far.on("error", () => {});
    far.resume();
    const channel = createChannel(near);
    const call = createClient(Health, channel.transport).check({});
    for (const byte of Buffer.from(bytes, "latin1")) far.write(Buffer.of(byte));
    await assert.rejects(call, reason);
    assert.equal((await channel.closed).kind, "error");
  });
}

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
