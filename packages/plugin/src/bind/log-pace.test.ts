import assert from "node:assert/strict";
import { test } from "node:test";
import { LogPace } from "./log-pace.js";

function pace(maxBytes = 256 * 1024) {
  let nowMs = 0;
  let sequence = 0;
  const made = new LogPace(maxBytes, () => nowMs);
  /** Frames that take so long, each as large as it may be. */
  const frames = (count: number, tripMs: number, isFull = true) => {
    for (let i = 0; i < count; i++) {
      made.sent(++sequence);
      if (isFull) made.full();
      nowMs += tripMs;
      made.taken(sequence);
    }
  };
  return { made, frames };
}

test("a far link gets the whole window, one on which a queue grows no more than it carries [BPL-28]", () => {
  const { made, frames } = pace();
  assert.equal(made.bytes, 16 * 1024);
  frames(100, 20);
  assert.equal(made.bytes, 256 * 1024);
  frames(1, 45);
  assert.equal(made.bytes, 128 * 1024);
  frames(10, 45);
  assert.equal(made.bytes, 16 * 1024);
});

test("what is not used does not grow, and a link that became slower is learned anew [BPL-28]", () => {
  const { made, frames } = pace();
  frames(100, 1, false);
  assert.equal(made.bytes, 16 * 1024);
  frames(1000, 50);
  assert.equal(made.bytes, 256 * 1024);
});

test("never more than the host allows, and what is taken twice counts once [BPL-28]", () => {
  const { made, frames } = pace(1000);
  frames(100, 1);
  assert.equal(made.bytes, 1000);
  made.taken(1);
  frames(5, 100);
  assert.equal(made.bytes, 1000);
});
