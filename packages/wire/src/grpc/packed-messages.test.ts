import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PackedMessages } from "./packed-messages.js";

test("messages come out as they went in, first in first out", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.tuple(fc.nat({ max: 20_000 }), fc.boolean()), { nil: undefined }), { maxLength: 200 }),
      (steps) => {
        const packed = new PackedMessages();
        const model: [number, number, boolean][] = [];
        steps.forEach((step, i) => {
          if (step !== undefined) {
            model.push([step[0], i % 256, step[1]]);
            packed.push(new Uint8Array(step[0]).fill(i), step[1]);
          } else if (model.length > 0) {
            const [length, fill, compressed] = model.shift()!;
            const taken = packed.shift();
            assert.deepEqual(taken, { message: new Uint8Array(length).fill(fill), compressed });
          }
          assert.equal(packed.count, model.length);
        });
      },
    ),
  );
});
