import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FrameReader } from "./frame-reader.js";
import { formatFrame } from "./raw-peer.testing.js";
import { ViolationFault } from "./error.js";

/** What a reader makes of some chunks: headers as they stand, payloads joined. */
function read(chunks: readonly Buffer[]): string[] {
  const seen: string[] = [];
  let payload: Buffer[] = [];
  const reader = new FrameReader({
    onFrame: (...frame) => seen.push(frame.join(" ")),
    onPayload: (bytes, left) => {
      payload.push(bytes);
      if (left > 0) return;
      seen.push(Buffer.concat(payload).toString("hex"));
      payload = [];
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

test("reads a header as Go's yamux writes it [WIRE-15]", () => {
  const bytes = Buffer.from("00010001000000030000000000000005000000030000000268690002000100000000deadbeef", "hex");
  assert.deepEqual(read([bytes]), ["1 1 3 0", "0 5 3 2", "6869", "2 1 0 3735928559"]);
});

const frames = fc.array(
  fc.oneof(
    fc.tuple<[number, number, number, number | Uint8Array]>(
      fc.constant(0),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.uint8Array({ maxLength: 40 }),
    ),
    fc.tuple<[number, number, number, number | Uint8Array]>(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.nat(0xffffffff),
    ),
  ),
  { maxLength: 12 },
);

test("chunk boundaries change nothing, wherever they are [WIRE-15]", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (list, cuts) => {
      const bytes = Buffer.concat(list.map((frame) => formatFrame(...frame)));
      const at = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
      const whole = read([bytes]);
      assert.deepEqual(read(chunks), whole);
      assert.deepEqual(read([...bytes].map((byte) => Buffer.of(byte))), whole);
      assert.equal(whole.filter((each) => each.includes(" ")).length, list.length);
    }),
  );
});

test("refuses another version and unknown types [WIRE-21]", () => {
  const violates = (violation: string) => (error: unknown) =>
    error instanceof ViolationFault && error.violation === violation;
  assert.throws(() => read([Buffer.alloc(12, 1)]), violates("version"));
  assert.throws(() => read([formatFrame(4, 0, 1, 0)]), violates("frame-type"));
});

test("stops in the middle of a chunk when told so", () => {
  const seen: number[] = [];
  const reader = new FrameReader({
    onFrame: (_type, _flags, id) => {
      seen.push(id);
      if (id === 2) reader.stop();
    },
    onPayload: () => {},
  });
  reader.push(Buffer.concat([1, 2, 3].map((id) => formatFrame(1, 0, id, 0))));
  assert.deepEqual(seen, [1, 2]);
});
