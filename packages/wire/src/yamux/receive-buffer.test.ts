import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ReceiveBuffer } from "./receive-buffer.js";

test("gives back what it got, in order, however it is filled and emptied", () => {
  const step = fc.oneof(
    fc.record({ push: fc.oneof(fc.nat(50), fc.integer({ min: 16_000, max: 40_000 })) }),
    fc.constant("shift" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const buffer = new ReceiveBuffer(false);
      const pushed: Buffer[] = [];
      const shifted: Buffer[] = [];
      const shift = () => {
        const piece = buffer.shift();
        if (piece !== undefined) shifted.push(Buffer.from(piece));
        return piece !== undefined;
      };
      let next = 0;
      for (const each of steps) {
        if (each === "shift") {
          shift();
        } else if (each.push > 0) {
          const bytes = Buffer.alloc(each.push, next++);
          pushed.push(Buffer.from(bytes));
          buffer.push(bytes);
        }
        const held = Buffer.concat(pushed).length - Buffer.concat(shifted).length;
        assert.equal(buffer.length, held);
      }
      while (shift());
      assert.ok(Buffer.concat(shifted).equals(Buffer.concat(pushed)));
      assert.equal(buffer.length, 0);
    }),
    { numRuns: 50 },
  );
});

test("single bytes do not keep the chunks alive that they came in [WIRE-18]", () => {
  const buffer = new ReceiveBuffer(false);
  for (let i = 0; i < 100_000; i++) buffer.push(Buffer.allocUnsafeSlow(64).subarray(0, 1));
  let pieces = 0;
  let held = 0;
  for (let piece = buffer.shift(); piece !== undefined; piece = buffer.shift()) {
    pieces++;
    held += piece.buffer.byteLength;
  }
  assert.equal(pieces, Math.ceil(100_000 / 16_384));
  assert.ok(held < 120_000, `${held} bytes`);
});

test("forgets on demand", () => {
  const buffer = new ReceiveBuffer(false);
  buffer.push(Buffer.from("abc"));
  buffer.clear();
  assert.equal(buffer.length, 0);
  assert.equal(buffer.shift(), undefined);
});
