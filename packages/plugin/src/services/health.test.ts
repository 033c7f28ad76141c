import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createHealthService } from "./health.js";

function create() {
  const closing = new AbortController();
  const transport = createRouterTransport(({ service }) => {
    service(Health, createHealthService(["proto.KV"], closing.signal));
  });
  return { closing, client: createClient(Health, transport) };
}

test("knows the plugin as a whole and each of its services [PLUG-02]", async () => {
  const { client, closing } = create();
  for (const service of ["", "plugin", "proto.KV"]) assert.equal((await client.check({ service })).status, 1);
  await assert.rejects(
    client.check({ service: "proto.Other" }),
    (error) => ConnectError.from(error).code === Code.NotFound,
  );
  assert.deepEqual(Object.keys((await client.list({})).statuses), ["", "plugin", "proto.KV"]);
  closing.abort();
  assert.equal((await client.check({ service: "plugin" })).status, 2);
});

test("tells a watcher when the plugin closes", async () => {
  const { client, closing } = create();
  const seen: number[] = [];
  for await (const { status } of client.watch({ service: "plugin" })) {
    seen.push(status);
    closing.abort();
  }
  assert.deepEqual(seen, [1, 2]);
});

test("tells a watcher of an unknown service so, and keeps the stream open until it closes", async () => {
  const { client, closing } = create();
  const seen: number[] = [];
  for await (const { status } of client.watch({ service: "proto.Other" })) {
    seen.push(status);
    closing.abort();
  }
  assert.deepEqual(seen, [3]);
});
