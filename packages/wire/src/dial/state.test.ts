import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type DialState, StateHolder, transitions } from "./state.js";

const states = Object.keys(transitions) as DialState[];

test("only moves of the table happen, and listeners hear of each in order [WIRE-30]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...states)), async (moves) => {
      const holder = new StateHolder();
      const heard: [DialState, DialState][] = [];
      holder.listen((state, previous) => heard.push([previous, state]));
      const made: [DialState, DialState][] = [];
      for (const next of moves) {
        const { current } = holder;
        if (transitions[current].includes(next)) {
          holder.move(next);
          made.push([current, next]);
        } else {
          assert.throws(() => holder.move(next), /cannot go from/);
        }
        assert.equal(holder.current, made.at(-1)?.[1] ?? "idle");
      }
      await Promise.resolve();
      assert.deepEqual(heard, made);
    }),
  );
});

test("every state can be reached and left, but for the last", () => {
  const reached = new Set(Object.values(transitions).flat());
  assert.deepEqual([...reached].toSorted(), states.toSorted());
  for (const state of states) assert.equal(transitions[state].includes("closed"), state !== "closed");
});

test("one function may listen twice, and stop once", async () => {
  const holder = new StateHolder();
  let heard = 0;
  const listener = () => void heard++;
  const stop = holder.listen(listener);
  holder.listen(listener);
  holder.move("connecting");
  stop();
  await Promise.resolve();
  assert.equal(heard, 1);
});
