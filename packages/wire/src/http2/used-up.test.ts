import assert from "node:assert/strict";
import { test } from "node:test";
import { createDuplexPair, eventually, RawPeer } from "@tenon/testkit";
import type { CloseReason } from "./close-reason.js";
import { Connection } from "./connection.js";
import { Flag, FrameType } from "./constants.js";
import { HeaderTemplate } from "./header-template.js";
import { defaultLimits } from "./limits.js";
import type { StreamHandler } from "./stream.js";

test("the last stream identifier is used, then the connection goes away gently [WIRE-45]", async () => {
  const [near, far] = createDuplexPair();
  const peer = new RawPeer(far);
  let closed: CloseReason | undefined;
  const connection = new Connection("client", near, defaultLimits, {
    open: ({ output }) => output.frame(FrameType.settings, 0, 0, Buffer.alloc(0)),
    accept: () => assert.fail("a server opens no streams"),
    onRoom() {},
    onClosed(reason) {
      closed = reason;
    },
  });
  peer.frame(FrameType.settings, 0, 0);
  while (connection.streams.takeId() < 0x7fffffff - 4);
  const ended: number[] = [];
  const handler = (id: number): StreamHandler => ({
    onHeaders: (_fields, endStream) => {
      if (endStream) ended.push(id);
    },
    onData() {},
    onReset: () => assert.fail("the last calls are answered"),
    onDrain() {},
  });
  const request = new HeaderTemplate([[":method", "POST"]]);
  for (const id of [0x7ffffffd, 0x7fffffff]) {
    assert.equal(connection.exhausted, false);
    const stream = connection.openStream(handler(id));
    assert.equal(stream.id, id);
    stream.sendHeaders(request, undefined, true);
  }
  assert.equal(connection.exhausted, true);
  assert.equal(connection.mayOpen, false);
  assert.equal(await peer.goaway(), "NO_ERROR");
  assert.equal(closed, undefined);
  for (const id of [0x7fffffff, 0x7ffffffd]) {
    peer.frame(FrameType.headers, Flag.endHeaders | Flag.endStream, id, Buffer.from([0x88]));
  }
  await eventually(() => closed !== undefined);
  assert.equal(closed!.kind, "closed");
  assert.match(closed!.message, /every stream identifier/);
  assert.deepEqual(ended, [0x7fffffff, 0x7ffffffd]);
  far.destroy();
});
