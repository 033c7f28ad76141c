import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type ConnectError } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { CallContext } from "../server/context.js";
import { callChain, callerMetadata, createOuterCall } from "./outer-call.js";

const context = (fields: Record<string, string> = {}, deadline?: number) =>
  new CallContext(Health.method.check, Object.entries(fields), deadline);

test("calls within tell on what the call said, one deeper [HSV-07] [CTX-03] [CTX-04]", () => {
  const fields = {
    "tenon-call-id": "7",
    "tenon-call-depth": "3",
    "tenon-call-chain": "a b/C",
    traceparent: "t",
    tracestate: "s",
  };
  const outer = createOuterCall(context(fields), { name: "kv" });
  assert.deepEqual(Object.fromEntries(new Headers(outer.headersFor(undefined))), {
    ...fields,
    "tenon-call-depth": "4",
    "tenon-call-chain": "a b/C > kv grpc.health.v1.Health/Check",
    "tenon-caller": "kv",
  });
});

test("a caller's own headers, id and trace context are kept, and what it says of depth and chain is not [CTX-03] [CTX-04]", () => {
  const outer = createOuterCall(context({ "tenon-call-id": "7", traceparent: "t", tracestate: "s" }), { name: "kv" });
  const own = { mine: "1", "tenon-call-id": "8", traceparent: "u", "tenon-call-depth": "1", "tenon-caller": "no" };
  const headers = new Headers(outer.headersFor(own));
  assert.deepEqual(
    ["mine", "tenon-call-id", "traceparent", "tracestate", "tenon-call-depth", "tenon-caller"].map((key) =>
      headers.get(key),
    ),
    ["1", "8", "u", null, "2", "kv"],
  );
  assert.equal(own["tenon-call-id"], "8");
});

test("all calls within one call have its id, also where it was given none [CTX-04]", () => {
  const call = context();
  const ids = [createOuterCall(call, { name: "a" }), createOuterCall(call, { name: "b" })].map((outer) =>
    new Headers(outer.headersFor(undefined)).get("tenon-call-id"),
  );
  assert.ok(ids[0]);
  assert.equal(ids[0], ids[1]);
});

test("time and signal are those of the call, and for the background there are none [CTX-01] [CTX-02]", () => {
  const call = context({}, performance.now() + 5000);
  const outer = createOuterCall(call, { name: "kv" });
  assert.ok(outer.timeoutMs()! > 4000);
  assert.equal(outer.signal, call.signal);
  const background = createOuterCall(call, { name: "kv", background: true });
  assert.deepEqual([background.timeoutMs(), background.signal], [undefined, undefined]);
});

test("beyond the depth the headers are refused, with the chain [HSV-07]", () => {
  const call = context({ "tenon-call-depth": "5" });
  createOuterCall(call, { name: "app", maxCallDepth: 6 }).headersFor(undefined);
  const outer = createOuterCall(call, { name: "app", maxCallDepth: 5 });
  assert.throws(
    () => outer.headersFor(undefined),
    (error: ConnectError) =>
      error.code === Code.ResourceExhausted &&
      /depth 6, and 5 .*app grpc\.health\.v1\.Health\/Check/.test(error.message),
  );
});

test("of a long chain the last eight handlers are told, and names in any script [HSV-07]", () => {
  let chain = "";
  for (let i = 0; i < 20; i++) chain = callChain(context(chain === "" ? {} : { "tenon-call-chain": chain }), `p${i}`);
  const links = chain.split(" > ");
  assert.deepEqual([links.length, links[0]], [9, "..."]);
  assert.ok(links[1]!.startsWith("p12 ") && links[8]!.startsWith("p19 "));
  assert.deepEqual(callerMetadata("日本"), { "tenon-caller": "%E6%97%A5%E6%9C%AC" });
});
