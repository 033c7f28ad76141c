import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { joinSignals } from "./join-signals.js";

const held = (...signals: AbortSignal[]) => signals.map((signal) => getEventListeners(signal, "abort").length);

test("one signal, or none, is what it was", () => {
  const { signal } = new AbortController();
  assert.equal(joinSignals(signal, undefined).signal, signal);
  assert.equal(joinSignals(undefined, signal).signal, signal);
  assert.equal(joinSignals(undefined, undefined).signal, undefined);
  joinSignals(signal, undefined).release();
  assert.deepEqual(held(signal), [0]);
});

test("either of two aborts both, with its reason, and lets go of the other [CTX-02]", () => {
  for (const which of [0, 1]) {
    const controllers = [new AbortController(), new AbortController()];
    const [one, other] = controllers.map(({ signal }) => signal) as [AbortSignal, AbortSignal];
    const { signal } = joinSignals(one, other);
    controllers[which]!.abort("enough");
    assert.deepEqual([signal?.aborted, signal?.reason], [true, "enough"]);
    assert.deepEqual(held(one, other), [0, 0]);
    assert.equal(joinSignals(one, other).signal?.aborted, true);
  }
});

test("what is let go of is held no more, and aborts nothing", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  for (let i = 0; i < 100; i++) joinSignals(one.signal, other.signal).release();
  assert.deepEqual(held(one.signal, other.signal), [0, 0]);
  const { signal, release } = joinSignals(one.signal, other.signal);
  release();
  one.abort();
  assert.equal(signal?.aborted, false);
});
