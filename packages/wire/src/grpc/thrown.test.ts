import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { statusFromThrown } from "./thrown.js";

/** With a code that gRPC does not have. */
const oddError = (code: number) => Object.assign(new ConnectError("odd"), { code });

test("makes a status of anything and never throws [INL-03]", () => {
  const nasty = [Object.create(null), Proxy.revocable({}, {}), oddError(0)];
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.constantFrom(...nasty)), (value) => {
      const { error, fields } = statusFromThrown(value);
      assert.ok(error instanceof ConnectError);
      assert.equal(fields.filter(([name]) => name === "grpc-status").length, 1);
      assert.notEqual(fields[0]![1], "0");
    }),
  );
});

test("keeps a ConnectError as it is, and makes other values UNKNOWN with their text [INL-03]", () => {
  const error = new ConnectError("not now", Code.Aborted);
  assert.equal(statusFromThrown(error).error, error);
  const of = (value: unknown) => {
    const { code, rawMessage } = statusFromThrown(value).error;
    return [code, rawMessage];
  };
  assert.deepEqual(of(new Error("plain")), [Code.Unknown, "plain"]);
  assert.deepEqual(of(undefined), [Code.Unknown, "undefined"]);
  assert.deepEqual(of(oddError(99)), [Code.Unknown, "odd"]);
  assert.equal(of(Object.create(null))[0], Code.Unknown);
});
