import assert from "node:assert/strict";
import { test } from "node:test";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createServer } from "../server/server.js";
import { createHealth, type HealthState } from "./health.js";

function connect(initial?: Record<string, HealthState>) {
  const health = createHealth(initial);
  const [near, far] = createDuplexPair();
  const server = createServer().add(health.service, health.implementation);
  server.accept(far);
  const channel = createChannel(near);
  const close = async () => {
    await channel.close();
    await server.close();
  };
  return { health, client: createClient(Health, channel.transport), close };
}

/** Collects what a watch says; `done` resolves when it ends. */
function watch(client: Client<typeof Health>, service: string, signal?: AbortSignal) {
  const seen: number[] = [];
  const read = async () => {
    for await (const { status } of client.watch({ service }, { signal: signal! })) seen.push(status);
  };
  return { seen, done: read() };
}

test("Check answers for what is known, and NOT_FOUND for what is not [WIRE-23]", async () => {
  const { health, client, close } = connect();
  const check = async (service: string) => (await client.check({ service })).status;
  assert.equal(await check(""), 1);
  const unknown = (error: unknown) => ConnectError.from(error).code === Code.NotFound;
  await assert.rejects(check("a.B"), unknown);
  health.set("a.B", "not-serving");
  assert.equal(await check("a.B"), 2);
  health.set("a.B", "serving");
  assert.equal(await check("a.B"), 1);
  health.set("a.B", "unknown");
  assert.equal(await check("a.B"), 0);
  health.delete("a.B");
  await assert.rejects(check("a.B"), unknown);
  await close();
});

test("List has every service that is known [WIRE-23]", async () => {
  const { client, close } = connect({ "": "serving", "a.B": "not-serving" });
  const { statuses } = await client.list({});
  assert.deepEqual(
    Object.entries(statuses).map(([service, { status }]) => [service, status]),
    [
      ["", 1],
      ["a.B", 2],
    ],
  );
  await close();
});

test("Watch tells every change once, also of a service that is not there yet [WIRE-23]", async () => {
  const { health, client, close } = connect();
  const abort = new AbortController();
  const { seen, done } = watch(client, "a.B", abort.signal);
  const other = watch(client, "", abort.signal);
  const steps: (() => void)[] = [
    () => {},
    () => health.set("a.B", "serving"),
    () => health.set("a.B", "not-serving"),
    () => health.delete("a.B"),
  ];
  for (const [index, step] of steps.entries()) {
    step();
    await eventually(() => seen.length === index + 1);
    health.set("a.C", "serving");
  }
  health.set("", "serving");
  assert.deepEqual(seen, [3, 1, 2, 3]);
  await eventually(() => other.seen.length === 1);
  abort.abort();
  await assert.rejects(done);
  await assert.rejects(other.done);
  await close();
});

test("a watcher that is slow gets the latest state [WIRE-23]", async () => {
  const { health, client, close } = connect({ s: "serving" });
  const abort = new AbortController();
  const iterator = client.watch({ service: "s" }, { signal: abort.signal })[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value!.status, 1);
  health.set("s", "not-serving");
  health.set("s", "serving");
  health.set("s", "not-serving");
  assert.equal((await iterator.next()).value!.status, 2);
  abort.abort();
  await assert.rejects(iterator.next());
  await close();
});

test("close: everything is NOT_SERVING for good, and watches end [WIRE-23]", async () => {
  const { health, client, close } = connect({ "": "serving", s: "serving" });
  const watches = ["s", "other", ""].map((service) => watch(client, service));
  await eventually(() => watches.every(({ seen }) => seen.length === 1));
  health.close();
  await Promise.all(watches.map(({ done }) => done));
  assert.deepEqual(
    watches.map(({ seen }) => seen),
    [[1, 2], [3], [1, 2]],
  );
  health.set("s", "serving");
  health.delete("s");
  assert.equal((await client.check({ service: "s" })).status, 2);
  const late = watch(client, "s");
  await late.done;
  assert.deepEqual(late.seen, [2]);
  await close();
});
