import assert from "node:assert/strict";
import { test } from "node:test";
import { checkStreamLine } from "./check-stream-line.js";

test("says the version, and whether the bytes are yamux [STD-07]", () => {
  assert.deepEqual(checkStreamLine("1|3|stdio|-|grpc||true"), { version: 3, multiplex: true });
  for (const end of ["", "|", "||", "||false", "||maybe"]) {
    assert.deepEqual(checkStreamLine(`1|3|stdio|-|grpc${end}`), { version: 3, multiplex: false });
  }
});

const wrong = [
  ["1|1|unix|/tmp/x|grpc|", "transport-mismatch"],
  ["1|1|stdio|-", "transport-unsupported"],
  ["1|1|stdio|-|netrpc|", "transport-unsupported"],
  [`1|1|stdio|-|grpc|${"A".repeat(60)}`, "tls-failed"],
  ["1|1|stdio|/tmp/x|grpc|", "address-invalid"],
  ["2|1|stdio|-|grpc|", "core-version-mismatch"],
  ["Welcome", "handshake-malformed"],
] as const;

for (const [line, code] of wrong) {
  test(`refuses ${JSON.stringify(line.slice(0, 30))} with ${code} [STD-04]`, () => {
    assert.throws(() => checkStreamLine(line), { code });
  });
}
