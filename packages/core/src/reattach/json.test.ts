import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { isTenonError } from "../errors.js";
import type { ReattachDescriptor } from "./descriptor.js";
import { formatReattach, parseReattach } from "./json.js";

const descriptor: ReattachDescriptor = {
  protocol: "grpc",
  protocolVersion: 6,
  pid: 12345,
  test: true,
  address: { network: "unix", string: "/tmp/plugin123" },
};
const terraform =
  '{"registry.terraform.io/hashicorp/random":{"Protocol":"grpc","ProtocolVersion":6,"Pid":12345,"Test":true,' +
  '"Addr":{"Network":"unix","String":"/tmp/plugin123"}}}';

test("writes and reads what Terraform has in TF_REATTACH_PROVIDERS, byte for byte [REATT-01]", () => {
  const named = { "registry.terraform.io/hashicorp/random": descriptor };
  assert.equal(formatReattach(named), terraform);
  assert.deepEqual(parseReattach(terraform), named);
});

test("what only Tenon knows stands in one member of its own [REATT-01]", () => {
  const named = { kv: { ...descriptor, identity: "boot:7", tls: "none" as const } };
  assert.deepEqual(JSON.parse(formatReattach(named)).kv.Tenon, { Identity: "boot:7", Tls: "none" });
  assert.deepEqual(parseReattach(formatReattach(named)), named);
});

test("reads as Go's decoder does [REATT-02]", () => {
  const text = '{"p":{"protocol":"grpc","PID":1,"addr":{"network":"tcp","STRING":"127.0.0.1:80"},"Later":[1]}}';
  assert.deepEqual(parseReattach(text)["p"], {
    protocol: "grpc",
    protocolVersion: 0,
    pid: 1,
    test: false,
    address: { network: "tcp", string: "127.0.0.1:80" },
  });
  const silent = parseReattach('{"p":{"Protocol":"","Pid":1,"Addr":{"Network":"unix","String":"/s"}}}');
  assert.equal(silent["p"]?.protocol, "netrpc");
});

test("refuses anything else, naming the member [REATT-02]", () => {
  const bad: readonly [unknown, RegExp][] = [
    [{ Pid: 0 }, /"p": its pid/],
    [{ Pid: "7" }, /its pid/],
    [{ Protocol: "http" }, /its protocol/],
    [{ ProtocolVersion: -1 }, /its protocol version/],
    [{ Test: 1 }, /its test mark/],
    [{ Addr: "x" }, /an address/],
    [{ Addr: { Network: "udp", String: "x" } }, /its network/],
    [{ Addr: { Network: "unix", String: "" } }, /its address/],
    [{ Tenon: { Identity: 7 } }, /its identity/],
    [{ Tenon: { Tls: "some" } }, /its tls/],
  ];
  for (const [change, message] of bad) {
    const text = JSON.stringify({ p: { ...JSON.parse(formatReattach({ p: descriptor })).p, ...(change as object) } });
    assert.throws(
      () => parseReattach(text),
      (error) => isTenonError(error, "reattach-malformed") && message.test(error.message),
      text,
    );
  }
  for (const text of ["", "[]", "7", '{"p":7}', "{"]) {
    assert.throws(() => parseReattach(text), { code: "reattach-malformed" });
  }
  const noPort = '{"p":{"Protocol":"grpc","Pid":1,"Addr":{"Network":"tcp","String":"here"}}}';
  assert.throws(() => parseReattach(noPort), { code: "address-invalid" });
});

test("whatever is written can be read again, and no text makes it throw anything but TenonErrors [REATT-01]", () => {
  const plain = { noNullPrototype: true };
  const anyDescriptor = fc.record(
    {
      protocol: fc.constant("grpc" as const),
      protocolVersion: fc.nat(),
      pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      test: fc.boolean(),
      address: fc.record(
        {
          network: fc.constant("unix" as const),
          string: fc.string({ minLength: 1 }).filter((text) => !text.includes("\0")),
        },
        plain,
      ),
    },
    plain,
  );
  const names = fc.string().filter((name) => name !== "__proto__");
  fc.assert(
    fc.property(fc.dictionary(names, anyDescriptor, plain), (named) => {
      assert.deepEqual(parseReattach(formatReattach(named)), named);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseReattach(text);
      } catch (error) {
        assert.ok(isTenonError(error));
      }
    }),
  );
});
