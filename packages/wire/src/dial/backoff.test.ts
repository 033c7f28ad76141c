import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Backoff } from "./backoff.js";

const grpc = { initialBackoffMs: 1000, backoffMultiplier: 1.6, backoffJitter: 0.2, maxBackoffMs: 120_000 };

test("times grow by the multiplier up to the most, and begin anew after a success [WIRE-35]", () => {
  const backoff = new Backoff(grpc, () => 0.5);
  const times = Array.from({ length: 13 }, () => Math.round(backoff.next()));
  assert.deepEqual(times.slice(0, 4), [1000, 1600, 2560, 4096]);
  assert.deepEqual(times.slice(-2), [120_000, 120_000]);
  backoff.reset();
  assert.equal(backoff.next(), 1000);
});

test("the jitter stays in its part, whatever happens [WIRE-35]", () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const backoff = new Backoff(grpc, () => random);
      let time = 0;
      for (let i = 0; i <= failures; i++) time = backoff.next();
      const plain = Math.min(1000 * 1.6 ** failures, 120_000);
      assert.ok(time >= plain * 0.8 - 1e-6 && time <= plain * 1.2 + 1e-6);
    }),
  );
});
