import assert from "node:assert/strict";
import { test } from "node:test";
import { Health } from "@tenon/core";
import { CallContext } from "../server/context.js";
import { callDepth, callerKey, callInfo } from "./call-info.js";

const method = Health.method.check;
const context = (fields: Record<string, string> = {}, deadline?: number) =>
  new CallContext(method, Object.entries(fields), deadline);

test("a call that says nothing of itself has a depth of one, and an id of its own that stays [CTX-04]", () => {
  const call = context();
  const { id, ...rest } = callInfo(call);
  const nothing = { caller: undefined, instance: undefined, traceparent: undefined, tracestate: undefined };
  assert.deepEqual(rest, { ...nothing, depth: 1, deadlineMs: undefined });
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(callInfo(call).id, id);
  assert.notEqual(callInfo(context()).id, id);
});

test("what the metadata says is read, names in any script [CTX-03] [CTX-04] [CTX-05]", () => {
  const fields = {
    "tenon-call-id": "order-7",
    "tenon-caller": "caf%C3%A9",
    "tenon-call-depth": "12",
    traceparent: "00-a-b-01",
    tracestate: "x=y",
  };
  const info = callInfo(context(fields, performance.now() + 10_000));
  const { deadlineMs = 0, ...rest } = info;
  assert.deepEqual(rest, {
    id: "order-7",
    caller: "café",
    instance: undefined,
    depth: 12,
    traceparent: "00-a-b-01",
    tracestate: "x=y",
  });
  assert.ok(deadlineMs > 9000 && deadlineMs <= 10_000);
});

test("who is known to call is not asked for a name [CTX-05]", () => {
  const call = context({ "tenon-caller": "an impostor" });
  call.values.set(callerKey, { name: "kv", instance: "kv-1" });
  const { caller, instance } = callInfo(call);
  assert.deepEqual([caller, instance], ["kv", "kv-1"]);
});

test("what cannot be a depth counts as one [HSV-07]", () => {
  for (const said of ["", "0", "-1", "1.5", "1e3", "x", "0x10", "9999999999", " 7x"]) {
    assert.equal(callDepth(new Headers({ "tenon-call-depth": said })), 1, said);
  }
  assert.equal(callDepth(new Headers({ "tenon-call-depth": "999999999" })), 999_999_999);
});
