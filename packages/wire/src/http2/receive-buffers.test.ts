import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiveBuffers } from "./receive-buffers.js";

test("what was read last stays as it is while the next chunk is read", () => {
  const buffers = new ReceiveBuffers();
  for (let i = 0; i < 500; i++) {
    const length = i < 250 ? buffers.next().length : 10;
    const last = buffers.next();
    last.fill(i & 0xff);
    buffers.read(length);
    const next = buffers.next();
    next.fill(0xff);
    assert.notEqual(next.buffer, last.buffer);
    assert.equal(last[0], i & 0xff);
  }
});

test("buffers grow with what fills them and shrink behind it, within bounds", () => {
  const buffers = new ReceiveBuffers();
  const initial = buffers.next().length;
  for (let i = 0; i < 20; i++) buffers.read(buffers.next().length);
  assert.equal(buffers.next().length, 262_144);
  for (let i = 0; i < 1000; i++) buffers.read(100);
  assert.equal(buffers.next().length, initial);
});

test("two buffers serve any number of reads of one size", () => {
  const buffers = new ReceiveBuffers();
  const seen = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100; i++) {
    seen.add(buffers.next().buffer);
    buffers.read(100);
  }
  assert.equal(seen.size, 2);
});
