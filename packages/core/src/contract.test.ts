import assert from "node:assert/strict";
import test from "node:test";
import { type Contract, defineContract, type ServiceAt, type ServiceNames } from "./contract.js";
import { TenonError } from "./errors.js";
import { Health } from "./gen/grpc/health/v1/health_pb.js";
import { GRPCController } from "./gen/plugin/controller_pb.js";
import { handshakeVariables } from "./handshake/environment.js";

const valid = { name: "kv", cookie: { key: "BASIC_PLUGIN", value: "hello" }, versions: { 1: { kv: Health } } };

test("keeps what it is given, in a frozen copy [VER-07]", () => {
  const init = { ...valid, cookie: { ...valid.cookie }, versions: { 1: { kv: Health }, 3: { kv: GRPCController } } };
  const contract = defineContract(init);
  assert.deepEqual(contract, init);
  assert.equal(contract.versions[3].kv, GRPCController);
  init.cookie.value = "other";
  assert.equal(contract.cookie.value, "hello");
  for (const part of [contract, contract.cookie, contract.versions, contract.versions[1]])
    assert.ok(Object.isFrozen(part));
  assert.equal(Object.isFrozen(init.versions), false);
});

test("keeps the host services that it declares, in a frozen copy, and has none otherwise [VER-07]", () => {
  const hostServices = { health: Health, control: GRPCController };
  const contract = defineContract({ ...valid, hostServices });
  assert.deepEqual(contract.hostServices, hostServices);
  assert.ok(Object.isFrozen(contract.hostServices));
  assert.equal(Object.isFrozen(hostServices), false);
  assert.equal("hostServices" in defineContract(valid), false);
  // One server each: what the plugin serves and what the host serves may be the same service.
  assert.equal(contract.hostServices?.health, contract.versions[1].kv);
  const general: Contract = contract;
  const ofVersions: Contract<(typeof contract)["versions"]> = contract;
  assert.equal(general.hostServices, ofVersions.hostServices);
  defineContract({ ...valid, hostServices: {} });
});

test("accepts the names and cookies that real applications use", () => {
  for (const name of ["kv", "KV-2", "terraform.provider", "a_b", "9lives"]) defineContract({ ...valid, name });
  for (const key of ["grafana_plugin_type", "TF_PLUGIN_MAGIC_COOKIE", "_x"]) {
    defineContract({ ...valid, cookie: { key, value: "a b=|\t" } });
  }
  defineContract({ ...valid, versions: { 0: { "a-b": Health }, 2147483647: { _a1: Health, b: GRPCController } } });
});

const other = GRPCController;
const wrong: Record<string, unknown> = {
  "an empty name": { ...valid, name: "" },
  "a name with a blank": { ...valid, name: "k v" },
  "a name with a line break at its end": { ...valid, name: "kv\n" },
  "a name that starts with a dot": { ...valid, name: ".kv" },
  "a name that is no text": { ...valid, name: 1 },
  "no cookie": { ...valid, cookie: undefined },
  "an empty cookie key": { ...valid, cookie: { key: "", value: "x" } },
  "a cookie key with =": { ...valid, cookie: { key: "A=B", value: "x" } },
  "a cookie key that starts with a digit": { ...valid, cookie: { key: "1A", value: "x" } },
  "an empty cookie value": { ...valid, cookie: { key: "A", value: "" } },
  "a cookie value with a line break": { ...valid, cookie: { key: "A", value: "x\n" } },
  "a cookie value with NUL": { ...valid, cookie: { key: "A", value: "x\0" } },
  "a cookie value that is no text": { ...valid, cookie: { key: "A", value: 1 } },
  "no versions": { ...valid, versions: undefined },
  "an empty list of versions": { ...valid, versions: {} },
  "a negative version": { ...valid, versions: { [-1]: { kv: Health } } },
  "a fractional version": { ...valid, versions: { 1.5: { kv: Health } } },
  "a version beyond 31 bits": { ...valid, versions: { 2147483648: { kv: Health } } },
  "a version with a leading zero": { ...valid, versions: { "01": { kv: Health } } },
  "a version that is no number": { ...valid, versions: { one: { kv: Health } } },
  "a version without services": { ...valid, versions: { 1: {} } },
  "a version that is nothing": { ...valid, versions: { 1: undefined } },
  "an empty service name": { ...valid, versions: { 1: { "": Health } } },
  "a service name with a dot": { ...valid, versions: { 1: { "a.b": Health } } },
  "a service that is nothing": { ...valid, versions: { 1: { kv: undefined } } },
  "a service that is a message": { ...valid, versions: { 1: { kv: Health.method.check.input } } },
  "host services that are nothing": { ...valid, hostServices: null },
  "host services that are a service": { ...valid, hostServices: Health },
  "a host service with a dot in its name": { ...valid, hostServices: { "a.b": Health } },
  "a host service that is a message": { ...valid, hostServices: { a: Health.method.check.input } },
  "one protobuf service twice among the host services": { ...valid, hostServices: { a: Health, b: Health } },
  "one protobuf service twice": { ...valid, versions: { 1: { a: Health, b: other, c: Health } } },
};
for (const [what, init] of Object.entries(wrong)) {
  test(`refuses ${what} [VER-07]`, () => {
    assert.throws(
      () => defineContract(init as typeof valid),
      (error) =>
        error instanceof TenonError && error.code === "contract-invalid" && /^The contract .*\.$/.test(error.message),
    );
  });
}

test("refuses each handshake variable as cookie, in any case [VER-07]", () => {
  for (const { name } of handshakeVariables) {
    for (const key of [name, name.toLowerCase()]) {
      assert.throws(() => defineContract({ ...valid, cookie: { key, value: "x" } }), { code: "contract-invalid" });
    }
  }
});

test("says which contract and what is wrong", () => {
  assert.throws(() => defineContract({ ...valid, versions: { 2: { a: Health, b: Health } } }), {
    message:
      'The contract "kv" is not valid: services "a" and "b" of version 2 are both grpc.health.v1.Health; ' +
      "one server cannot tell them apart.",
    plugin: "kv",
  });
});

test("gives services their types by name", () => {
  const contract = defineContract({
    ...valid,
    versions: { 1: { kv: Health }, 2: { kv: GRPCController, health: Health } },
  });
  type Versions = (typeof contract)["versions"];
  const names: ServiceNames<Versions>[] = ["kv", "health"];
  const kv: ServiceAt<Versions, "kv">[] = [Health, GRPCController];
  const health: ServiceAt<Versions, "health"> = Health;
  // @ts-expect-error No version has this name.
  const none: ServiceNames<Versions> = "other";
  const general: Contract = contract;
  assert.deepEqual([names.length, kv.length, health.typeName, none], [2, 2, "grpc.health.v1.Health", "other"]);
  assert.equal(general.versions[2]?.["kv"], GRPCController);
});
