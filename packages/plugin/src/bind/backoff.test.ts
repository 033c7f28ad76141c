import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { BindBackoff } from "./backoff.js";

test("waits grow up to the most, differ by up to half, and begin anew [BPL-04]", () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const backoff = new BindBackoff(100, 10_000, () => random);
      let wait = 0;
      for (let i = 0; i <= failures; i++) wait = backoff.next();
      const plain = Math.min(100 * 1.6 ** failures, 10_000);
      assert.ok(wait >= plain / 2 - 1e-6 && wait <= plain + 1e-6);
      backoff.reset();
      assert.ok(backoff.next() <= 100);
    }),
  );
});
