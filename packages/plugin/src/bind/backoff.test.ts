import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { BindBackoff } from "./backoff.js";

const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Attempts fail at once. Gives each time of an attempt with the wait before it, until a time. */
function simulate(random: () => number, untilMs: number) {
  const backoff = new BindBackoff(100, 30_000, random);
  const attempts: { readonly atMs: number; readonly waitMs: number }[] = [];
  for (let atMs = 0; atMs < untilMs; ) {
    const waitMs = backoff.next(atMs);
    atMs += waitMs;
    attempts.push({ atMs, waitMs });
  }
  return attempts;
}

test("waits grow to a second, then to a tenth of the time that the host is away, less up to half [BPL-04]", () => {
  fc.assert(
    fc.property(anyRandom, fc.integer({ min: 0, max: 1_000_000 }), (random, awayMs) => {
      const [first, ...rest] = simulate(() => random, awayMs + 1);
      assert.ok(first !== undefined && first.waitMs >= 50 && first.waitMs <= 100);
      for (const { atMs, waitMs } of rest) {
        assert.ok(waitMs <= Math.min(30_000, Math.max(1000, atMs / 10)));
        assert.ok(waitMs >= 50);
      }
    }),
  );
  const hour = simulate(() => 0.5, 3_600_000);
  assert.ok(hour.length < 250, `${hour.length} attempts in an hour`);
});

test("a host that has too much to do is left alone for longer each time, until it takes the plugin [BPL-04]", () => {
  const backoff = new BindBackoff(100, 30_000, () => 0.999_999);
  for (let i = 0; i < 20; i++) backoff.next(i * 1000);
  const waits = Array.from({ length: 10 }, () => Math.round(backoff.next(20_000, true)));
  assert.deepEqual(waits.slice(0, 3), [1000, 1600, 2560]);
  assert.equal(waits.at(-1), 30_000);
  backoff.welcomed();
  assert.equal(Math.round(backoff.next(30_000, true)), 1000);
  backoff.welcomed();
  backoff.ended(999);
  assert.equal(Math.round(backoff.next(30_000)), 1000);
  backoff.ended(1000);
  assert.equal(Math.round(backoff.next(30_000)), 100);
});

test("plugins that lost one host at one moment do not come together [BPL-04]", () => {
  const plugins = 1000;
  for (const awayMs of [0, 1000, 5000]) {
    const comes = Array.from({ length: plugins }, () => {
      const found = simulate(Math.random, awayMs + 1).at(-1);
      return Math.floor((found?.atMs ?? 0) / 10);
    });
    const most = Math.max(...comes.map((slot) => comes.filter((other) => other === slot).length));
    assert.ok(most < plugins / 2, `${most} of ${plugins} come within 10 ms after ${awayMs} ms`);
  }
});
