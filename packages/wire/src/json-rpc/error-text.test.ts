import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { errorFromAnswer, errorFromText, textFromThrown } from "./error-text.js";

const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
const tricky = fc.constantFrom(
  "",
  "not_found: x",
  "unknown: x",
  "not_found:",
  "rpc: can't find method A.B",
  " x",
  ": x",
);

test("code and text of every error survive [PIE-13]", () => {
  fc.assert(
    fc.property(fc.constantFrom(...codes), fc.oneof(fc.string({ unit: "binary" }), tricky), (code, text) => {
      const sent = textFromThrown(new ConnectError(text, code));
      assert.notEqual(sent, "");
      const { code: readCode, rawMessage } = errorFromText(sent);
      assert.deepEqual([readCode, rawMessage], [code, text]);
    }),
  );
});

test("an error without a code is its text alone [PIE-13]", () => {
  assert.equal(textFromThrown(new Error("no luck")), "no luck");
  assert.equal(textFromThrown("no luck"), "no luck");
  assert.equal(textFromThrown(new ConnectError("no such name", Code.NotFound)), "not_found: no such name");
  assert.equal(textFromThrown(new ConnectError("late", Code.DeadlineExceeded)), "deadline_exceeded: late");
  for (const thrown of [undefined, null, 5, Symbol("x"), {}]) assert.notEqual(textFromThrown(thrown), "");
});

test("what Go's server says becomes a code [PIE-14]", () => {
  const said = {
    "rpc: can't find service A.B": Code.Unimplemented,
    "rpc: can't find method A.B": Code.Unimplemented,
    "rpc: service/method request ill-formed: nodot": Code.InvalidArgument,
    "jsonrpc: request body missing params": Code.InvalidArgument,
    "json: cannot unmarshal string into Go value of type int": Code.InvalidArgument,
    "no such key": Code.Unknown,
    "some_thing: else": Code.Unknown,
  };
  for (const [text, code] of Object.entries(said)) {
    const error = errorFromText(text);
    assert.deepEqual([error.code, error.rawMessage], [code, text]);
  }
  assert.equal(errorFromText("").rawMessage, "unspecified error");
});

test("an error that is no text is taken for what it may mean [PIE-11]", () => {
  const read = (error: Parameters<typeof errorFromAnswer>[0]) => {
    const { code, rawMessage } = errorFromAnswer(error);
    return [code, rawMessage];
  };
  assert.deepEqual(read({ code: -32601, message: "no such method" }), [Code.Unknown, "no such method"]);
  assert.deepEqual(read({ message: 5 }), [Code.Unknown, '{"message":5}']);
  assert.deepEqual(read([1]), [Code.Unknown, "[1]"]);
  assert.deepEqual(read(false), [Code.Unknown, "false"]);
  assert.deepEqual(read(12345678901234567890n), [Code.Unknown, "12345678901234567890"]);
});
