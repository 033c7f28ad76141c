import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, withTimeout } from "./timing.js";

test("eventually resolves with the first truthy result", async () => {
  let looks = 0;
  assert.equal(await eventually(() => (++looks < 3 ? undefined : looks), { intervalMs: 1 }), 3);
});

test("eventually forgives probes that throw at first", async () => {
  let looks = 0;
  const probe = (): number => {
    looks += 1;
    if (looks < 3) throw new Error("not yet");
    return looks;
  };
  assert.equal(await eventually(probe, { intervalMs: 1 }), 3);
});

test("eventually gives up with the last error as its cause", async () => {
  const reason = new Error("still wrong");
  const probe = (): never => {
    throw reason;
  };
  await assert.rejects(eventually(probe, { timeoutMs: 20, intervalMs: 1, what: "the light" }), (error: Error) => {
    assert.match(error.message, /the light did not come true within 20 ms: still wrong/);
    assert.equal(error.cause, reason);
    return true;
  });
});

test("withTimeout passes results and errors through", async () => {
  assert.equal(await withTimeout(Promise.resolve(7), 1000), 7);
  await assert.rejects(withTimeout(Promise.reject(new Error("mine")), 1000), /mine/);
});

test("withTimeout names what was late", async () => {
  await assert.rejects(withTimeout(new Promise(() => {}), 10, "the answer"), /the answer took longer than 10 ms/);
});
