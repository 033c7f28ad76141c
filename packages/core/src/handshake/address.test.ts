import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { TenonError } from "../errors.js";
import { splitTcpAddress } from "./address.js";

test("splits every form that a plugin prints [HS-08]", () => {
  const forms = {
    "127.0.0.1:1234": { host: "127.0.0.1", port: 1234 },
    "localhost:1": { host: "localhost", port: 1 },
    "my-host.example:65535": { host: "my-host.example", port: 65535 },
    "[::1]:1": { host: "::1", port: 1 },
    "[fe80::1%eth0]:80": { host: "fe80::1%eth0", port: 80 },
    ":1234": { host: "127.0.0.1", port: 1234 },
    "a:00080": { host: "a", port: 80 },
  };
  for (const [address, expected] of Object.entries(forms)) assert.deepEqual(splitTcpAddress(address), expected);
});

test("refuses what has no usable port or host [HS-08]", () => {
  const addresses = [
    "",
    ":",
    "a",
    "a:",
    ":0",
    "a:0",
    "a:65536",
    "a:123456",
    "a:-1",
    "a:+1",
    "a:1.5",
    "a:http",
    "a:1 ",
    " a:1",
    "a b:1",
    "::1:1",
    "[::1]",
    "[::1]:",
    "[]:1",
    "[::1:1",
    "::1]:1",
    "[[::1]]:1",
    "a:b:1",
    "/tmp/plugin",
    "a:1\n",
    "a:١",
  ];
  for (const address of addresses) {
    assert.throws(
      () => splitTcpAddress(address),
      (error) => error instanceof TenonError && error.code === "address-invalid" && error.facts["address"] === address,
      JSON.stringify(address),
    );
  }
});

test("gives back what was joined", () => {
  const port = fc.integer({ min: 1, max: 65535 });
  fc.assert(
    fc.property(fc.ipV4(), port, (host, port) => {
      assert.deepEqual(splitTcpAddress(`${host}:${port}`), { host, port });
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), port, (host, port) => {
      assert.deepEqual(splitTcpAddress(`[${host}]:${port}`), { host, port });
    }),
  );
});
