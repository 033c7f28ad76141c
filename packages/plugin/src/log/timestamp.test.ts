import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimestamps } from "./timestamp.js";

const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

test("has six fraction digits, always [LOG-13]", () => {
  const now = createTimestamps();
  for (let i = 0; i < 1000; i++) assert.match(now(), shape);
  const fixed = createTimestamps({ wallMs: () => 1_700_000_000_000, steadyMs: () => 0 });
  assert.equal(fixed(), "2023-11-14T22:13:20.000000Z");
});

test("counts microseconds by the steady clock", () => {
  let steadyMs = 10;
  const now = createTimestamps({
    wallMs: () => 1_700_000_000_000 + Math.floor(steadyMs - 10),
    steadyMs: () => steadyMs,
  });
  steadyMs += 1.25;
  assert.equal(now(), "2023-11-14T22:13:20.001250Z");
});

test("never goes back while the wall clock wavers", () => {
  let wallMs = 1_700_000_000_000;
  const now = createTimestamps({ wallMs: () => wallMs, steadyMs: () => 0 });
  const first = now();
  wallMs -= 200;
  assert.equal(now(), first);
});

test("follows a wall clock that was set, in both directions, and a machine that slept", () => {
  let wallMs = 1_700_000_000_000;
  const now = createTimestamps({ wallMs: () => wallMs, steadyMs: () => 0 });
  wallMs += 3_600_000;
  assert.equal(now(), "2023-11-14T23:13:20.000000Z");
  wallMs -= 7_200_000;
  assert.equal(now(), "2023-11-14T21:13:20.000000Z");
});
