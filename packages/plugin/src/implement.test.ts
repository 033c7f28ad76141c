import assert from "node:assert/strict";
import { test } from "node:test";
import { GRPCController, isTenonError, defineContract } from "@tenon/core";
import { implement } from "./implement.js";
import { cookie, echo, KV, kv, kvVersions } from "./kv.testing.js";

function problemsOf(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    assert.ok(isTenonError(error, "plugin-invalid"), String(error));
    for (const problem of error.facts["problems"] as string[]) assert.ok(error.message.includes(problem));
    return error.facts["problems"];
  }
  return [];
}

test("joins a contract of one version with its services", () => {
  const plugin = implement(kv, { kv: { ...echo, get: (pair) => ({ key: pair.key }) } });
  assert.equal(plugin.contract, kv);
  assert.deepEqual(Object.keys(plugin.versions), ["1"]);
  assert.equal(plugin.versions[1]?.[0]?.service, KV);
  assert.ok(Object.isFrozen(plugin) && Object.isFrozen(plugin.versions));
});

test("joins a contract of several versions, of which a plugin may leave some out", () => {
  const both = implement(kvVersions, { 1: { kv: echo }, 3: { kv: echo, more: echo } });
  assert.deepEqual(Object.keys(both.versions), ["1", "3"]);
  assert.deepEqual(Object.keys(implement(kvVersions, { 3: { kv: echo, more: echo } }).versions), ["3"]);
});

test("names every service and method that is missing or unknown [VER-08]", () => {
  const methods = () =>
    // @ts-expect-error put and watch are missing, set is unknown
    implement(kv, { kv: { get: echo.get, set: echo.put } });
  assert.deepEqual(problemsOf(methods), [
    'method "put" of service "kv" of version 1 is missing',
    'method "watch" of service "kv" of version 1 is missing',
    'method "set" is not in service "kv" of version 1 (test.KV)',
  ]);
  const services = () =>
    // @ts-expect-error kv is missing, kw is unknown
    implement(kv, { kw: echo });
  assert.deepEqual(problemsOf(services), [
    'service "kv" of version 1 (test.KV) is missing',
    'service "kw" is not in version 1 of the contract',
  ]);
  const versions = () =>
    // @ts-expect-error version 2 is unknown, more is missing
    implement(kvVersions, { 2: { kv: echo }, 3: { kv: echo } });
  assert.deepEqual(problemsOf(versions), [
    "version 2 is not in the contract, which has 1, 3",
    'service "more" of version 3 (test.KV2) is missing',
  ]);
  const kind = () =>
    // @ts-expect-error get is no function
    implement(kv, { kv: { ...echo, get: 1 } });
  assert.deepEqual(problemsOf(kind), ['method "get" of service "kv" of version 1 is no function']);
  const nothing = () =>
    // @ts-expect-error no object at all
    implement(kv, undefined);
  assert.deepEqual(problemsOf(nothing), ["the implementation must be an object"]);
  assert.deepEqual(
    problemsOf(() => implement(kvVersions, {})),
    ["no version is implemented"],
  );
});

test("refuses services that every plugin has already [VER-08]", () => {
  const contract = defineContract({ name: "own", cookie, versions: { 1: { control: GRPCController } } });
  assert.deepEqual(
    problemsOf(() => implement(contract, { control: { shutdown: () => ({}) } })),
    ['service "control" of version 1 is plugin.GRPCController, which every plugin has already'],
  );
});

test("takes an instance of a class, with members of its own", () => {
  class Store {
    readonly size = 0;
    get = echo.get;
    put = echo.put;
    watch = echo.watch;
    other() {}
  }
  assert.deepEqual(Object.keys(implement(kv, { kv: new Store() }).versions), ["1"]);
});
