import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatTimeout, parseTimeout } from "./timeout.js";

test("every unit of grpc-timeout is read [WIRE-03]", () => {
  const cases = {
    "1H": 3_600_000,
    "2M": 120_000,
    "3S": 3000,
    "4m": 4,
    "5u": 0.005,
    "6n": 0.000_006,
    "99999999S": 99_999_999_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseTimeout(text), ms);
});

test("anything else is malformed", () => {
  for (const text of ["", "1", "m", "-1m", "1.5S", "123456789m", " 1m", "1m ", "1 m", "1s"]) {
    assert.equal(parseTimeout(text), undefined, text);
  }
});

test("what is written is read again, never shorter and at most a thousandth longer [WIRE-03]", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e11, noNaN: true }), (ms) => {
      const text = formatTimeout(ms);
      const read = parseTimeout(text);
      assert.ok(read !== undefined, text);
      assert.ok(read >= ms && read <= ms * 1.001 + 1, `${ms} became ${text}`);
    }),
  );
  assert.equal(formatTimeout(0), "0m");
  assert.equal(formatTimeout(-5), "0m");
  assert.equal(formatTimeout(Number.MAX_VALUE), "99999999H");
});
