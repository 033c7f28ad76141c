import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ConnectionFault } from "./error.js";
import { FrameReader } from "./frame-reader.js";

interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

function encode({ type, flags, streamId, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** The frames of a stream of chunks, each of which is overwritten once it has been taken. Parts of a frame are joined. */
function readAll(chunks: readonly Buffer[], maxFrameBytes = 16384): Frame[] {
  const frames: Frame[] = [];
  let parts: Buffer[] = [];
  const reader = new FrameReader(maxFrameBytes, (type, flags, streamId, bytes, start, end, more) => {
    parts.push(Buffer.from(bytes.subarray(start, end)));
    if (more) return assert.deepEqual([type, flags], [0, 0]);
    frames.push({ type, flags, streamId, payload: Buffer.concat(parts) });
    parts = [];
  });
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk);
    reader.push(copy);
    copy.fill(0xee);
  }
  return frames;
}

const frame = fc.record(
  {
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    streamId: fc.integer({ min: 0, max: 0x7fffffff }),
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);

test("frames come out as they went in, wherever the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(300), { maxLength: 20 }), (frames, sizes) => {
      const bytes = Buffer.concat(frames.map(encode));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      assert.deepEqual(readAll(chunks), frames);
      const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(readAll(single), frames);
    }),
    { numRuns: 200 },
  );
});

test("a large DATA frame is handed on as it arrives, whatever the parts", () => {
  const large = fc.record(
    {
      type: fc.constantFrom(0, 0, 0, 1),
      flags: fc.constantFrom(0, 1, 8),
      streamId: fc.integer({ min: 1, max: 9 }),
      payload: fc.integer({ min: 0, max: 9000 }).map((size) => Buffer.alloc(size, size & 0xff)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(large, { maxLength: 6 }), fc.array(fc.nat(4000), { maxLength: 20 }), (frames, sizes) => {
      const bytes = Buffer.concat(frames.map(encode));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(readAll(chunks), frames);
    }),
    { numRuns: 200 },
  );
});

test("memory for a frame follows what has come of it, unless it is gathered", () => {
  const seen: [bytes: number, more: boolean][] = [];
  const reader = new FrameReader(0xffffff, (_type, _flags, _id, _bytes, start, end, more) => {
    seen.push([end - start, more]);
  });
  const bytes = encode({ type: 0, flags: 1, streamId: 1, payload: Buffer.alloc(5000) });
  for (const [from, to] of [
    [0, 5],
    [5, 9],
    [9, 3009],
    [3009, 5009],
  ]) {
    reader.push(bytes.subarray(from, to));
    assert.equal(reader.withinFrame, to !== 5009);
  }
  assert.deepEqual(seen, [
    [3000, true],
    [2000, false],
  ]);
});

test("the reserved bit of the stream identifier is ignored", () => {
  const bytes = encode({ type: 1, flags: 0, streamId: 5, payload: Buffer.alloc(0) });
  bytes[5]! |= 0x80;
  assert.equal(readAll([bytes])[0]!.streamId, 5);
});

test("a frame over the limit is refused at its header, however it arrives", () => {
  const head = encode({ type: 0, flags: 0, streamId: 1, payload: Buffer.alloc(101) }).subarray(0, 9);
  for (const chunks of [[head], Array.from(head, (_, i) => head.subarray(i, i + 1))]) {
    assert.throws(() => readAll(chunks, 100), ConnectionFault);
  }
  assert.equal(readAll([encode({ type: 0, flags: 0, streamId: 1, payload: Buffer.alloc(100) })], 100).length, 1);
});

test("nothing is handed on after stop, also from inside the sink", () => {
  let count = 0;
  const reader = new FrameReader(100, () => {
    count += 1;
    reader.stop();
  });
  const bytes = encode({ type: 0, flags: 0, streamId: 1, payload: Buffer.alloc(3) });
  reader.push(Buffer.concat([bytes, bytes]));
  reader.push(bytes);
  assert.equal(count, 1);
});
