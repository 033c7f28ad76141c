import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { withTimeout } from "@tenon/testkit";
import { createClient } from "@tenon/wire";
import { createDirectChannel, directService } from "@tenon/wire/direct";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";

const hang = (seen: (context: HandlerContext) => void) => async (_: unknown, context: HandlerContext) => {
  seen(context);
  await once(context.signal, "abort");
  return {};
};

function open(unary: (request: unknown, context: HandlerContext) => Promise<object> | object) {
  const channel = createDirectChannel([directService(Echo, { unary })]);
  return { channel, client: createClient(Echo, channel.transport) };
}

test("a deadline ends the call and aborts the handler's signal [INL-02]", async () => {
  let context!: HandlerContext;
  const { channel, client } = open(hang((given) => (context = given)));
  const call = client.unary({}, { timeoutMs: 30 });
  assert.ok(context.timeoutMs()! > 0 && context.timeoutMs()! <= 30);
  await assert.rejects(call, { code: Code.DeadlineExceeded });
  assert.equal(context.signal.aborted, true);
  assert.equal((context.signal.reason as ConnectError).code, Code.DeadlineExceeded);
  assert.equal(channel.inFlight, 0);
  await assert.rejects(client.unary({}, { timeoutMs: 0 }), { code: Code.DeadlineExceeded });
});

test("a handler that keeps the timer from running is late all the same [INL-02]", async () => {
  const block = () => {
    const until = performance.now() + 20;
    while (performance.now() < until);
  };
  const { client } = open((request) => {
    block();
    if ((request as { chunks: unknown[] }).chunks.length > 0) throw new Error("late, too");
    return {};
  });
  await assert.rejects(client.unary({}, { timeoutMs: 5 }), { code: Code.DeadlineExceeded });
  await assert.rejects(client.unary({ chunks: [new Uint8Array(1)] }, { timeoutMs: 5 }), {
    code: Code.DeadlineExceeded,
  });
  await client.unary({}, { timeoutMs: 5000 });
});

test("a channel has a deadline for unary calls that name none, and metadata for all [INL-02]", async () => {
  const seen: (string | null)[] = [];
  const unary = async (_: unknown, context: HandlerContext) => {
    seen.push(context.requestHeader.get("x-a"), context.requestHeader.get("x-b"));
    await once(context.signal, "abort");
    return {};
  };
  const options = { defaultTimeoutMs: 10, metadata: { "x-a": "always", "x-b": "always" } };
  const channel = createDirectChannel([directService(Echo, { unary })], options);
  const client = createClient(Echo, channel.transport);
  await assert.rejects(client.unary({}), { code: Code.DeadlineExceeded });
  await assert.rejects(client.unary({}, { headers: { "x-b": "mine" } }), { code: Code.DeadlineExceeded });
  assert.deepEqual(seen, ["always", "always", "always", "mine"]);
});

test("the caller's abort ends the call with CANCELED and aborts the handler's signal [INL-02]", async () => {
  let context!: HandlerContext;
  const { client } = open(hang((given) => (context = given)));
  const abort = new AbortController();
  const call = client.unary({}, { signal: abort.signal });
  assert.equal(context.signal.aborted, false);
  abort.abort();
  await assert.rejects(call, { code: Code.Canceled });
  assert.equal(context.signal.aborted, true);
  await assert.rejects(client.unary({}, { signal: abort.signal }), { code: Code.Canceled });
});

test("the handler's signal aborts when the call was answered, and its values are the channel's [INL-02]", async () => {
  const key = createContextKey("nothing");
  let context!: HandlerContext;
  const unary = (_: unknown, given: HandlerContext) => {
    context = given;
    return {};
  };
  const contextValues = (values: HandlerContext["values"]) => void values.set(key, "something");
  const channel = createDirectChannel([directService(Echo, { unary })], { contextValues });
  await createClient(Echo, channel.transport).unary({});
  assert.equal(context.values.get(key), "something");
  assert.equal(context.signal.aborted, true);
  assert.equal(context.service.typeName, Echo.typeName);
});

test("destroy fails calls in flight with UNAVAILABLE, aborts their handlers, and takes no more [INL-07]", async () => {
  let context!: HandlerContext;
  const { channel, client } = open(hang((given) => (context = given)));
  const call = client.unary({});
  const cause = new Error("the roof fell in");
  channel.destroy(cause);
  const failure = await call.catch((error: unknown) => error);
  assert.ok(failure instanceof ConnectError);
  assert.equal(failure.code, Code.Unavailable);
  assert.match(failure.message, /the roof fell in/);
  assert.equal(failure.cause, cause);
  assert.equal(context.signal.aborted, true);
  assert.deepEqual(await channel.closed, { kind: "closed", message: failure.rawMessage, cause });
  await assert.rejects(client.unary({}), { code: Code.Unavailable });
  await assert.rejects(channel.ping(), /the roof fell in/);
  assert.equal(await channel.close(), await channel.closed);
});

test("close lets calls in flight end and takes no more [INL-07]", async () => {
  let release!: () => void;
  const { channel, client } = open(async () => {
    await new Promise<void>((resolve) => (release = resolve));
    return {};
  });
  const call = client.unary({});
  assert.equal(channel.inFlight, 1);
  const closing = channel.close();
  await assert.rejects(client.unary({}), { code: Code.Unavailable });
  const early = await Promise.race([closing, sleep(20, "still open")]);
  assert.equal(early, "still open");
  release();
  await call;
  assert.equal((await withTimeout(closing, 1000)).kind, "closed");
});

test("a handler may destroy the channel that it was called on [INL-07]", async () => {
  const channel = createDirectChannel([
    directService(Echo, {
      unary() {
        channel.destroy();
        return {};
      },
    }),
  ]);
  await assert.rejects(createClient(Echo, channel.transport).unary({}), { code: Code.Unavailable });
  assert.equal(channel.inFlight, 0);
});

test("methods and services that are not there, or of another kind, are UNIMPLEMENTED [INL-01]", async () => {
  const { client } = open(() => ({}));
  await assert.rejects(client.clientStream((async function* () {})()), { code: Code.Unimplemented });
  const twice = [directService(Echo, {}), directService(Echo, {})];
  assert.throws(() => createDirectChannel(twice), { code: "option-invalid" });
  assert.throws(() => createDirectChannel([], { copy: 1 as never }), { code: "option-invalid" });
});

test("AsyncLocalStorage is kept across a call and within a stream [INL-01]", async () => {
  const storage = new AsyncLocalStorage<string>();
  const channel = createDirectChannel([
    directService(Echo, {
      unary: () => ({ chunks: [Buffer.from(storage.getStore() ?? "")] }),
      async *serverStream() {
        for (let i = 0; i < 1000; i++) yield { chunks: [Buffer.from(storage.getStore() ?? "")] };
      },
    }),
  ]);
  const client = createClient(Echo, channel.transport);
  const read = (name: string) =>
    storage.run(name, async () => {
      assert.equal(String((await client.unary({})).chunks[0]), name);
      for await (const { chunks } of client.serverStream({})) assert.equal(String(chunks[0]), name);
    });
  await Promise.all([read("one"), read("two"), read("three")]);
});
