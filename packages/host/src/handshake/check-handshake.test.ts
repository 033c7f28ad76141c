import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { createCertificate } from "@tenon/wire";
import { checkHandshake, findSocketPath, type HandshakeExpectation } from "./check-handshake.js";

const plain = { plugin: "kv", versions: [1, 2], autoMtls: false, platform: "linux" } as const;
const secure = { ...plain, autoMtls: true } as const;
const certificate = createCertificate().der.toString("base64").replace(/=+$/, "");

test("a good line gives version, address and certificate [VER-03] [HS-11]", () => {
  assert.deepEqual(checkHandshake("1|2|unix|/tmp/x|grpc", plain), {
    version: 2,
    address: { network: "unix", path: "/tmp/x" },
    certificate: undefined,
    multiplex: false,
  });
  const found = checkHandshake(`1|1|tcp|[::1]:1234|grpc|${certificate}`, secure);
  assert.deepEqual(found.address, { network: "tcp", host: "::1", port: 1234 });
  assert.equal(found.certificate?.subject.includes("CN=localhost"), true);
});

const multiplexed = { ...plain, multiplex: true } as const;

const refusals: { title: string; line: string; expected: HandshakeExpectation; code: ErrorCode }[] = [
  { title: "a version the host lacks [VER-04]", line: "1|3|unix|/x|grpc|", expected: plain, code: "version-mismatch" },
  { title: "net/rpc [HS-09]", line: "1|1|unix|/x", expected: plain, code: "transport-unsupported" },
  {
    title: "a socket path beyond the limit [HS-27]",
    line: `1|1|unix|/${"x".repeat(107)}|grpc|`,
    expected: plain,
    code: "socket-path-too-long",
  },
  {
    title: "an address on another machine [HS-26]",
    line: "1|1|tcp|10.0.0.1:80|grpc|",
    expected: plain,
    code: "address-invalid",
  },
  {
    title: "an address on all interfaces [HS-26]",
    line: "1|1|tcp|0.0.0.0:80|grpc|",
    expected: plain,
    code: "address-invalid",
  },
  { title: "no certificate under AutoMTLS [TLS-07]", line: "1|1|unix|/x|grpc|", expected: secure, code: "tls-missing" },
  {
    title: "a certificate nobody asked for [TLS-10]",
    line: `1|1|unix|/x|grpc|${certificate}`,
    expected: plain,
    code: "tls-failed",
  },
  {
    title: "bytes that are no certificate [HS-15]",
    line: `1|1|unix|/x|grpc|${"AQEB".repeat(20)}`,
    expected: secure,
    code: "certificate-invalid",
  },
  {
    title: "no seventh field where multiplexing is asked for [BRK-16]",
    line: "1|1|unix|/x|grpc|",
    expected: multiplexed,
    code: "multiplex-unsupported",
  },
  {
    title: "a seventh field that says false [BRK-16]",
    line: "1|1|unix|/x|grpc||false",
    expected: multiplexed,
    code: "multiplex-unsupported",
  },
  {
    title: "a seventh field that is no boolean [BRK-16]",
    line: "1|1|unix|/x|grpc||yes",
    expected: multiplexed,
    code: "multiplex-unsupported",
  },
];

for (const { title, line, expected, code } of refusals) {
  test(`${title}: ${code}`, () => {
    assert.throws(
      () => checkHandshake(line, expected),
      (error) => isTenonError(error, code),
    );
  });
}

test("a certificate whose time is over is refused with its dates [HS-15]", (t) => {
  const short = createCertificate({ validityMs: 60_000 }).der.toString("base64").replace(/=+$/, "");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_600_000 });
  assert.throws(
    () => checkHandshake(`1|1|unix|/x|grpc|${short}`, secure),
    (error) => isTenonError(error, "certificate-invalid") && typeof error.facts["validTo"] === "string",
  );
});

test("the socket of a line that is no good is known all the same [LIFE-11]", () => {
  assert.equal(findSocketPath("1|99|unix|/tmp/x|grpc|!!!\r"), "/tmp/x");
  for (const line of ["", "1|1|tcp|/x|", "1|1|unix|relative|grpc", "1|1|unix"]) {
    assert.equal(findSocketPath(line), undefined, line);
  }
});
