import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type ConnectError } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { Config } from "@tenon/core/host-services";
import { eventually } from "@tenon/testkit";
import { clientOf, kv } from "../client.testing.js";
import { createConfig } from "./create-config.js";

const invalid = (error: unknown): boolean => isTenonError(error, "config-invalid");

/** What a schema would say of a colour. */
function parseColour(value: unknown, plugin: string): unknown {
  const { colour = "blue" } = value as { colour?: unknown };
  if (typeof colour !== "string") throw new TypeError(`${plugin}: colour must be a text`);
  return { colour };
}

test("gives each plugin what the host has set for it, as its check returned it [SVC-11]", async (t) => {
  const config = createConfig({ validate: parseColour });
  const client = clientOf(t, Config, config.for(kv));
  await assert.rejects(client.get({}), { code: Code.NotFound });
  config.set("kv", { more: 1 });
  config.set("other", { colour: "red" });
  const { json, version } = await client.get({});
  assert.deepEqual([JSON.parse(json), version], [{ colour: "blue" }, 1n]);
  assert.deepEqual(config.get("kv"), { colour: "blue" });
  assert.deepEqual(
    await clientOf(t, Config, config.for({ name: "other", instance: "2" }))
      .get({})
      .then(({ json }) => json),
    '{"colour":"red"}',
  );
  config.remove("kv");
  assert.equal(config.get("kv"), undefined);
  await assert.rejects(client.get({}), { code: Code.NotFound });
});

test("what the check refuses, or JSON does not have, changes nothing [SVC-11]", async (t) => {
  const config = createConfig({
    validate: (value, plugin) => (plugin === "kv" ? parseColour(value, plugin) : value),
    maxValueBytes: 20,
  });
  const client = clientOf(t, Config, config.for(kv));
  config.set("kv", { colour: "red" });
  assert.throws(
    () => config.set("kv", { colour: 1 }),
    (error) => isTenonError(error, "config-invalid") && error.cause instanceof TypeError && error.plugin === "kv",
  );
  assert.throws(() => config.set("kv", { colour: "é".repeat(10) }), invalid);
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  for (const value of [undefined, 1n, () => 1, cyclic]) {
    assert.throws(() => config.set("other", value), invalid);
  }
  assert.equal((await client.get({})).json, '{"colour":"red"}');
  const late = createConfig({ validate: () => Promise.reject(new Error("late")) });
  assert.throws(() => late.set("kv", 1), invalid);
  assert.throws(
    () => createConfig({ validator: 1 } as never),
    (error) => isTenonError(error, "option-invalid"),
  );
});

test("values of every kind that JSON has arrive as they are [SVC-11]", async (t) => {
  const config = createConfig();
  const client = clientOf(t, Config, config.for(kv));
  for (const value of [null, false, 0, "", [], {}, { a: [1.5, { "b\n😀": null }] }]) {
    config.set("kv", value);
    assert.deepEqual(JSON.parse((await client.get({})).json), value);
  }
});

test("a watch begins with what there is, and is told of each change that is one [SVC-12]", async (t) => {
  const config = createConfig();
  const client = clientOf(t, Config, config.for(kv));
  config.set("kv", 1);
  const controller = new AbortController();
  const watch = client.watch({}, { signal: controller.signal })[Symbol.asyncIterator]();
  const next = async () => ((await watch.next()).value as { json: string }).json;
  assert.equal(await next(), "1");
  const second = next();
  config.set("kv", 1);
  config.set("other", 5);
  config.set("kv", 2);
  assert.equal(await second, "2");
  config.remove("kv");
  config.set("kv", 2);
  assert.equal(await next(), "2");
  controller.abort();
  await assert.rejects(watch.next(), { code: Code.Canceled });
});

test("a watch that begins before there is anything waits for it [SVC-12]", async (t) => {
  const config = createConfig();
  const watch = clientOf(t, Config, config.for(kv)).watch({})[Symbol.asyncIterator]();
  const first = watch.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  config.set("kv", "now");
  assert.equal(((await first).value as { json: string }).json, '"now"');
});

test("a slow reader gets the newest, not all in between [SVC-12]", async (t) => {
  const config = createConfig();
  const client = clientOf(t, Config, config.for(kv));
  const padding = "x".repeat(50_000);
  config.set("kv", { number: 0, padding });
  const watch = client.watch({})[Symbol.asyncIterator]();
  const next = async () => JSON.parse(((await watch.next()).value as { json: string }).json) as { number: number };
  assert.equal((await next()).number, 0);
  for (let number = 1; number <= 300; number++) {
    config.set("kv", { number, padding });
    await new Promise(setImmediate);
  }
  let got = 0;
  for (let last = 0; last !== 300; got++) last = (await next()).number;
  assert.ok(got < 100, `${got} of 300 were sent`);
});

test("watches have a limit, and each that ends makes room [SVC-12]", async (t) => {
  const config = createConfig({ maxWatches: 2 });
  const client = clientOf(t, Config, config.for(kv));
  config.set("kv", 1);
  const controllers = [new AbortController(), new AbortController()];
  for (const { signal } of controllers) await client.watch({}, { signal })[Symbol.asyncIterator]().next();
  const third = () => client.watch({})[Symbol.asyncIterator]().next();
  await assert.rejects(
    third(),
    (error: ConnectError) => error.code === Code.ResourceExhausted && /maxWatches 2/.test(error.message),
  );
  controllers[0]!.abort();
  await eventually(async () => (await third().catch(() => ({ done: true }))).done === false);
});
