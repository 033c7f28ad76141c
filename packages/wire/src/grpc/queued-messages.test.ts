import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { QueuedMessages } from "./queued-messages.js";

/** Chunks of messages, with what happens between them. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("chunk" as const), lengths: fc.array(fc.nat({ max: 300 }), { maxLength: 20 }) }),
    fc.record({ kind: fc.constant("own" as const), length: fc.nat({ max: 3000 }) }),
    fc.record({ kind: fc.constant("take" as const), count: fc.nat({ max: 20 }) }),
    fc.record({ kind: fc.constant("pack" as const) }),
  ),
  { maxLength: 50 },
);

test("messages come out as they came, wherever they wait, and their bytes are counted [WIRE-10]", () => {
  fc.assert(
    fc.property(steps, (each) => {
      const queued = new QueuedMessages();
      const model: { bytes: number[]; compressed: boolean }[] = [];
      let fill = 0;
      for (const step of each) {
        switch (step.kind) {
          case "chunk": {
            const chunk = new Uint8Array(step.lengths.reduce((sum, length) => sum + length, 0));
            let at = 0;
            for (const length of step.lengths) {
              chunk.fill(++fill, at, at + length);
              const compressed = fill % 3 === 0;
              model.push({ bytes: [...chunk.subarray(at, at + length)], compressed });
              queued.push(chunk, at, at + length, compressed, false);
              at += length;
            }
            break;
          }
          case "own": {
            const message = new Uint8Array(step.length).fill(++fill);
            model.push({ bytes: [...message], compressed: false });
            queued.push(message, 0, message.length, false, true);
            break;
          }
          case "take":
            for (let i = 0; i < step.count && model.length > 0; i++) {
              queued.shift();
              const { bytes, start, end, compressed } = queued;
              assert.deepEqual({ bytes: [...bytes.subarray(start, end)], compressed }, model.shift());
              queued.release();
            }
            break;
          default:
            queued.pack();
            assert.equal(queued.areLoose, false);
        }
        assert.equal(
          queued.queuedBytes,
          model.reduce((sum, { bytes }) => sum + bytes.length + 5, 0),
        );
        assert.equal(queued.isEmpty, model.length === 0);
      }
    }),
  );
});

test("what is packed does not refer to the chunk in which it came", () => {
  const queued = new QueuedMessages();
  const chunk = new Uint8Array(65_536).fill(1);
  for (let at = 0; at < 10; at++) queued.push(chunk, at, at + 1, false, false);
  queued.shift();
  queued.pack();
  chunk.fill(2);
  queued.shift();
  assert.equal(queued.bytes[queued.start], 1);
  assert.ok(queued.bytes.buffer.byteLength < 1024);
});

test("a chunk of very many messages is packed in parts", () => {
  const queued = new QueuedMessages();
  const chunk = new Uint8Array(65_536).map((_, i) => i);
  for (let at = 0; at < 20_000; at++) queued.push(chunk, at, at + 1, false, false);
  for (let at = 0; at < 20_000; at++) {
    queued.shift();
    assert.equal(queued.bytes[queued.start], at & 0xff);
    assert.equal(queued.end - queued.start, 1);
  }
  assert.equal(queued.isEmpty, true);
});
