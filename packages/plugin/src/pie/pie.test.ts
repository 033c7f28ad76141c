import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { implement } from "../implement.js";
import { echo, kv, KV, kvVersions } from "../kv.testing.js";
import { dialPieHost } from "./host.js";
import { streamingMethods, servicesOf } from "./options.js";
import { servePieProvider } from "./provider.js";

const pair = { key: "a", value: Uint8Array.of(1, 255) };

/** A provider of the KV service, and somebody who calls it. */
function bothEnds(options: Parameters<typeof servePieProvider>[2] = {}) {
  const [near, far] = createDuplexPair();
  const server = servePieProvider(implement(kv, { kv: echo }), far, options);
  return { server, host: dialPieHost(near, { names: options.names ?? {} }) };
}

test("a plugin answers by JSON-RPC, as a contract's implementation [PIE-15]", async () => {
  const { host, server } = bothEnds();
  const { key, value } = await host.client(KV).get(pair);
  assert.deepEqual({ key, value }, pair);
  assert.equal(host.signal.aborted, false);
  await host.close();
  assert.equal(host.signal.aborted, true);
  assert.equal((await server.closed).kind, "lost");
});

test("names are those of the options [PIE-15]", async () => {
  const { host, server } = bothEnds({ names: { "test.KV": "Store", "test.KV/Put": "put" } });
  assert.equal((await host.client(KV).put(pair)).key, "a");
  server.destroy();
  await assert.rejects(host.client(KV).put(pair), (error) => ConnectError.from(error).code === Code.Unavailable);
  assert.equal(host.signal.aborted, true);
});

test("what cannot be served is told by name [PIE-18, PIE-20]", () => {
  const plugin = implement(kvVersions, { 3: { kv: echo, more: echo } });
  const [near] = createDuplexPair();
  assert.throws(
    () => servePieProvider(plugin, near),
    (error) => isTenonError(error, "option-invalid") && /has no version 1, it has 3/.test(error.message),
  );
  assert.deepEqual(streamingMethods(servicesOf(plugin, 3)), ["test.KV/Watch", "test.KV2/Watch"]);
  servePieProvider(plugin, near, { version: 3 }).destroy();
});

test("the signal of a host that speaks something else says so [PIE-02]", async () => {
  const [near, far] = createDuplexPair();
  const host = dialPieHost(near);
  const call = host.client(KV).get(pair);
  far.write("gob?");
  await assert.rejects(call, /gob\?/);
  assert.ok(isTenonError(host.signal.reason, "json-rpc-malformed"));
});
