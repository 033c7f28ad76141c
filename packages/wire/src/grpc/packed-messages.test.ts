import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PackedMessages } from "./packed-messages.js";
import type { TakenMessage } from "./taken-message.js";

function shift(packed: PackedMessages): { message: Uint8Array; compressed: boolean } {
  const taken: TakenMessage = { bytes: new Uint8Array(0), start: 0, end: 0, compressed: false, own: false };
  packed.shift(taken);
  return { message: taken.bytes.slice(taken.start, taken.end), compressed: taken.compressed };
}

test("messages come out as they went in, first in first out", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.option(fc.record({ length: fc.nat({ max: 20_000 }), compressed: fc.boolean(), own: fc.boolean() }), {
          nil: undefined,
        }),
        { maxLength: 200 },
      ),
      (steps) => {
        const packed = new PackedMessages();
        const model: { message: Uint8Array; compressed: boolean }[] = [];
        steps.forEach((step, i) => {
          if (step !== undefined) {
            const { length, compressed, own } = step;
            const message = new Uint8Array(length).fill(i);
            model.push({ message, compressed });
            if (own) packed.pushOwn(message, compressed);
            else packed.push(Buffer.concat([Buffer.from("x"), message, Buffer.from("y")]), 1, length + 1, compressed);
          } else if (model.length > 0) {
            assert.deepEqual(shift(packed), model.shift());
          }
          assert.equal(packed.count, model.length);
        });
      },
    ),
  );
});
