import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createByteRing, openByteRing } from "./port-stream-ring.js";

test("what one thread writes the other reads, in order, and no more than there is room for", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant("read" as const))), (steps) => {
      const reader = createByteRing(64);
      const writer = openByteRing(reader.memory);
      const written: number[] = [];
      const read: number[] = [];
      let next = 0;
      for (const step of steps) {
        if (step === "read") {
          read.push(...(reader.read() ?? []));
          continue;
        }
        const bytes = Uint8Array.from({ length: step }, (_, i) => next + i);
        const room = writer.roomBytes;
        const count = writer.write(bytes);
        assert.equal(writer.roomBytes, room - count);
        assert.equal(count, Math.min(step, 64 - (written.length - read.length)));
        written.push(...bytes.subarray(0, count));
        next += count;
      }
      read.push(...(reader.read() ?? []));
      assert.deepEqual(read, written);
    }),
  );
});

test("counters that wrap around lose nothing", () => {
  const reader = createByteRing(16);
  const cells = new Int32Array(reader.memory, 0, 2);
  cells.fill(-8);
  const writer = openByteRing(reader.memory);
  assert.deepEqual([writer.sizeBytes, writer.roomBytes], [16, 16]);
  for (let i = 0; i < 5; i++) {
    assert.equal(writer.write(Buffer.from("0123456789")), 10);
    assert.equal(reader.read()?.toString(), "0123456789");
  }
});

test("the bell is rung once for each rest of the reader", () => {
  const ring = createByteRing(16);
  const writer = openByteRing(ring.memory);
  writer.write(Buffer.from("a"));
  assert.deepEqual([writer.takeBell(), writer.takeBell()], [true, false]);
  writer.write(Buffer.from("b"));
  assert.equal(writer.takeBell(), false);
  assert.equal(ring.read()?.toString(), "ab");
  // It has not seen yet that there is no more.
  writer.write(Buffer.from("c"));
  assert.equal(writer.takeBell(), false);
  assert.equal(ring.read()?.toString(), "c");
  assert.equal(ring.read(), undefined);
  assert.equal(writer.takeBell(), true);
});
