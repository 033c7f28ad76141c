import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { CallContext } from "../server/context.js";
import { createServer } from "../server/server.js";
import type { HostServicesSource } from "./key.js";
import { lazyTransport } from "./lazy-transport.js";
import { nestedTransport } from "./nested-transport.js";
import { createOuterCall } from "./outer-call.js";

/** A channel to a health service; what its handlers saw. */
function connect(t: TestContext, service: Partial<ServiceImpl<typeof Health>> = {}) {
  const [ours, theirs] = createDuplexPair();
  const seen: HandlerContext[] = [];
  const server = createServer().add(Health, {
    check(_, context) {
      seen.push(context);
      return {};
    },
    async *watch(_, context) {
      seen.push(context);
      while (!context.signal.aborted) {
        yield {};
        await sleep(1);
      }
    },
    ...service,
  });
  server.accept(theirs);
  const channel = createChannel(ours);
  t.after(() => {
    channel.destroy();
    server.destroy();
  });
  return { transport: channel.transport, channel, seen };
}

const outerContext = (timeoutMs?: number) =>
  new CallContext(Health.method.check, [], timeoutMs === undefined ? undefined : performance.now() + timeoutMs);

test("without another call it is the transport as it is", async (t) => {
  const { transport, seen } = connect(t);
  const client = createClient(
    Health,
    nestedTransport(transport, () => undefined),
  );
  await client.check({}, { headers: { mine: "1" } });
  for await (const _ of client.watch({})) break;
  assert.equal(seen[0]!.requestHeader.get("mine"), "1");
  for (const { requestHeader } of seen) assert.equal(requestHeader.get("tenon-call-depth"), null);
});

test("the time of a call is the outer call's, its own or the default, whichever is shortest [CTX-01]", async (t) => {
  const { transport, seen } = connect(t);
  const left = async (outerMs?: number, ownMs?: number, defaultTimeoutMs?: number): Promise<number> => {
    const outer = createOuterCall(outerContext(outerMs), { name: "kv" });
    const client = createClient(
      Health,
      nestedTransport(transport, () => outer, { defaultTimeoutMs }),
    );
    await client.check({}, ownMs === undefined ? {} : { timeoutMs: ownMs });
    return Math.round((seen.at(-1)!.timeoutMs() ?? -1000) / 1000);
  };
  assert.equal(await left(), -1);
  assert.equal(await left(20_000), 20);
  assert.equal(await left(20_000, 10_000), 10);
  assert.equal(await left(10_000, 20_000), 10);
  assert.equal(await left(20_000, undefined, 10_000), 10);
  assert.equal(await left(undefined, undefined, 10_000), 10);
  assert.equal(await left(undefined, 20_000, 10_000), 20);
});

test("an outer call whose time is over, or that was aborted, makes no calls [CTX-01] [CTX-02]", async (t) => {
  const { transport, seen } = connect(t);
  const over = createOuterCall(outerContext(-1), { name: "kv" });
  const late = createClient(
    Health,
    nestedTransport(transport, () => over),
  );
  await assert.rejects(late.check({}), { code: Code.DeadlineExceeded });
  const context = outerContext();
  const ended = createOuterCall(context, { name: "kv" });
  const aborted = createClient(
    Health,
    nestedTransport(transport, () => ended),
  );
  assert.equal(context.signal.aborted, false);
  context.end(new ConnectError("gone", Code.Canceled));
  await assert.rejects(aborted.check({}), { code: Code.Canceled });
  await assert.rejects(aborted.watch({})[Symbol.asyncIterator]().next(), { code: Code.Canceled });
  assert.equal(seen.length, 0);
});

test("calls in flight end with the outer one, and nothing holds on to a signal [CTX-02]", async (t) => {
  const { transport, seen } = connect(t, { check: () => new Promise(() => {}) });
  const context = outerContext();
  const outer = createOuterCall(context, { name: "kv" });
  const client = createClient(
    Health,
    nestedTransport(transport, () => outer),
  );
  const own = new AbortController();
  const call = client.check({}, { signal: own.signal });
  const stream = client.watch({}, { signal: own.signal })[Symbol.asyncIterator]();
  await stream.next();
  context.end(new ConnectError("gone", Code.Canceled));
  await assert.rejects(call, { code: Code.Canceled });
  await assert.rejects(
    async () => {
      for (;;) await stream.next();
    },
    { code: Code.Canceled },
  );
  assert.equal(seen.length, 1);
  assert.equal(getEventListeners(own.signal, "abort").length, 0);
});

test("a stream that is read to its end, left or broken leaves nothing behind", async (t) => {
  const { transport, channel, seen } = connect(t);
  const context = outerContext();
  const outer = createOuterCall(context, { name: "kv" });
  const client = createClient(
    Health,
    nestedTransport(transport, () => outer),
  );
  for (let round = 0; round < 20; round++) {
    for await (const _ of client.watch({})) break;
    await client.check({});
  }
  assert.equal(getEventListeners(context.signal, "abort").length, 0);
  while (channel.inFlight > 0) await sleep(1);
  assert.ok(seen.filter(({ method }) => method === Health.method.watch).every(({ signal }) => signal.aborted));
});

test("a lazy transport is asked for once it is needed, and its coming is part of the call's time [HSV-02]", async (t) => {
  const { transport, seen } = connect(t);
  let come!: () => void;
  let asked = 0;
  const coming = new Promise<void>((resolve) => (come = resolve));
  const source: HostServicesSource = async () => {
    asked++;
    await coming;
    return transport;
  };
  const client = createClient(Health, lazyTransport(source));
  assert.equal(asked, 0);
  const late = client.check({}, { timeoutMs: 5 });
  const abort = new AbortController();
  const aborted = client.check({}, { signal: abort.signal });
  const call = client.check({}, { timeoutMs: 10_000 });
  const streamed = client.watch({})[Symbol.asyncIterator]();
  const first = streamed.next();
  await assert.rejects(late, { code: Code.DeadlineExceeded });
  abort.abort();
  await assert.rejects(aborted, { code: Code.Canceled });
  await assert.rejects(client.check({}, { signal: abort.signal }), { code: Code.Canceled });
  come();
  await Promise.all([call, first]);
  await streamed.return?.();
  assert.ok(seen[0]!.timeoutMs()! < 10_000);
  assert.equal(asked, 5);
});

test("a lazy transport that does not come fails its calls with why", async () => {
  const source: HostServicesSource = () => Promise.reject(new ConnectError("nobody there", Code.FailedPrecondition));
  const client = createClient(Health, lazyTransport(source));
  await assert.rejects(client.check({}), { code: Code.FailedPrecondition });
  await assert.rejects(client.watch({})[Symbol.asyncIterator]().next(), { code: Code.FailedPrecondition });
});
