import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { StopOutcome } from "../stop/outcome.js";
import { createStateHolder, type InstanceState, type InstanceStateName, instanceTransitions } from "./states.js";

const outcome = { how: "exited" } as StopOutcome;
const names = Object.keys(instanceTransitions) as InstanceStateName[];
const order: readonly InstanceStateName[] = ["starting", "handshaking", "connecting", "ready", "stopping", "stopped"];
const stateOf = (name: InstanceStateName): InstanceState => (name === "stopped" ? { name, outcome } : { name });

test("any sequence of moves follows the table, goes forward only, and stops in stopped", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names)), (moves) => {
      const taken: [InstanceStateName, InstanceStateName][] = [];
      const holder = createStateHolder((next, previous) => taken.push([previous.name, next.name]));
      for (const name of moves) {
        const before = holder.current;
        const isAllowed = instanceTransitions[before.name].includes(name);
        assert.equal(holder.move(stateOf(name)), isAllowed);
        assert.equal(holder.current.name, isAllowed ? name : before.name);
        if (before.name === "stopped") assert.equal(holder.current, before);
      }
      for (const [from, to] of taken) assert.ok(order.indexOf(to) > order.indexOf(from));
    }),
  );
});

test("the end can be reached from every state, and from every state but the last one there is a way on", () => {
  for (const name of names) {
    if (name === "stopped") assert.deepEqual(instanceTransitions[name], []);
    else assert.ok(instanceTransitions[name].some((next) => next === "stopping" || next === "stopped"));
  }
});
