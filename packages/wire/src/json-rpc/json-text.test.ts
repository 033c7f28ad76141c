import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import * as fc from "fast-check";
import { type ExactJson, formatExact, parseExact } from "./json-text.js";

const tree = fc.letrec<{ value: ExactJson }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "binary" }),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).filter((value) => !Number.isSafeInteger(Number(value))),
    fc.array(tie("value")),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor")), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

/** Doubles that are integers beyond the safe ones come back as bigints: the text does not tell which it was. */
function exact(value: ExactJson): ExactJson {
  if (typeof value === "number") {
    return Number.isInteger(value) && !Number.isSafeInteger(value) && !/e/.test(String(value))
      ? BigInt(String(value))
      : value;
  }
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, exact(each)]));
}

test("every value survives writing and reading, with each digit and the sign of zero [PIE-17]", () => {
  fc.assert(
    fc.property(tree, (value) => {
      assert.deepEqual(parseExact(formatExact(value)), exact(value));
    }),
  );
});

test("reading agrees with JSON.parse but for large integers [PIE-17]", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const loose = (value: ExactJson): unknown =>
        JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? Number(each) : each)));
      // The digits behind make the exact parser read it all.
      const [value] = parseExact(`[${text},1234567890123456789]`) as ExactJson[];
      assert.deepEqual(loose(value!), JSON.parse(JSON.stringify(JSON.parse(text))));
    }),
  );
});

test("numbers keep what they can [PIE-17]", () => {
  assert.deepEqual(parseExact(" [ 9007199254740993 , -9223372036854775808, 1e400, 1234567890123456.75, 1E2, -0 ] "), [
    9007199254740993n,
    -9223372036854775808n,
    Number.POSITIVE_INFINITY,
    1234567890123456.75,
    100,
    -0,
  ]);
  const long = `"${"\\\\".repeat(1_000_000)}\\""`;
  assert.equal((parseExact(`{"a":${long},"b":1234567890123456789}`) as { a: string }).a.length, 1_000_001);
});

test("what is no JSON is refused, and shown [PIE-02]", () => {
  for (const text of ["{]", '{"a"}', "{'a':1}", '{"a":01}', '{"a":1234567890123456789', '{"a":"\t"}']) {
    assert.throws(
      () => parseExact(text),
      (error) => isTenonError(error, "json-rpc-malformed") && error.message.includes(JSON.stringify(text)),
    );
  }
});

test("what JSON has not is not written", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => formatExact([value]),
      (error) => isTenonError(error, "option-invalid"),
    );
  }
});
