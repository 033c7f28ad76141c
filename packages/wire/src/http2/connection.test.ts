import assert from "node:assert/strict";
import { test } from "node:test";
import { Health } from "@tenon/core";
import { createDuplexPair, eventually, uint32 } from "@tenon/testkit";
import { createServer } from "../server/server.js";
import { Flag, FrameType, preface, Setting } from "./constants.js";
import { checkPath, message, serveRaw, settings } from "./raw-health.testing.js";

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
