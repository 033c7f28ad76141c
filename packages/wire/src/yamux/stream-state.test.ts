import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isOver, nextState, type StreamEvent, type StreamState } from "./stream-state.js";

test("the table of states, as docs/protocol/yamux.md has it [WIRE-17]", () => {
  const states: StreamState[] = ["open", "localEnded", "remoteEnded", "closed", "reset"];
  const events: StreamEvent[] = ["localFin", "remoteFin", "rst"];
  assert.deepEqual(
    states.map((state) => events.map((event) => nextState(state, event) ?? "–").join(" ")),
    ["localEnded remoteEnded reset", "– closed reset", "closed – reset", "– – –", "– – –"],
  );
});

test("each side ends once, and nothing follows the end [WIRE-17]", () => {
  const events = fc.array(fc.constantFrom<StreamEvent>("localFin", "remoteFin", "rst"));
  fc.assert(
    fc.property(events, (list) => {
      let state: StreamState = "open";
      const taken: StreamEvent[] = [];
      for (const event of list) {
        const next = nextState(state, event);
        if (next === undefined) continue;
        assert.ok(!isOver(state));
        taken.push(event);
        state = next;
      }
      assert.equal(new Set(taken).size, taken.length);
      assert.equal(state === "closed", taken.includes("localFin") && taken.includes("remoteFin"));
      assert.equal(state === "reset", taken.includes("rst"));
    }),
  );
});
