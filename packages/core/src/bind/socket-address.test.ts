import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBindSocketAddress } from "./socket-address.js";

test("reads where a host listens, by a socket", () => {
  assert.deepEqual(parseBindSocketAddress("unix:/run/host.sock"), { network: "unix", path: "/run/host.sock" });
  assert.deepEqual(parseBindSocketAddress("host.example:0"), { network: "tcp", host: "host.example", port: 0 });
  assert.deepEqual(parseBindSocketAddress("[::1]:65535"), { network: "tcp", host: "::1", port: 65_535 });
  for (const text of ["", "host", "host:", ":1", "host:65536", "::1:70", "[host]:1", "unix:", "unix:a\0b", "a b:1"]) {
    assert.equal(parseBindSocketAddress(text), undefined, text);
  }
});
