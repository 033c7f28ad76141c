import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { measure } from "./measure.js";
import { median } from "./median.js";

test("as many calls are in flight as there are callers, one each", async () => {
  let inFlight = 0;
  let most = 0;
  let made = 0;
  const { calls, p50Us, p99Us } = await measure(
    async () => {
      inFlight += 1;
      made += 1;
      most = Math.max(most, inFlight);
      await setImmediate();
      inFlight -= 1;
    },
    { callers: 5, seconds: 0.02 },
  );
  assert.equal(most, 5);
  assert.equal(calls, made);
  assert.ok(p50Us > 0 && p50Us <= p99Us);
});

test("a failed call fails the measurement", async () => {
  await assert.rejects(
    measure(() => Promise.reject(new Error("no")), { callers: 2, seconds: 0.01 }),
    /no/,
  );
});

test("the median is the middle one, or the mean of the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
