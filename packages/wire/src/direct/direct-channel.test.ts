import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@tenon/core";
import { createClient } from "../client/create-client.js";
import { createDirectChannel } from "./direct-channel.js";
import { directService } from "./options.js";

/** A health service that answers with one status, and holds `watch` open until it is told. */
function service(status: Status) {
  let letGo!: () => void;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const implementation: Partial<ServiceImpl<typeof Health>> = {
    check: () => ({ status }),
    async *watch() {
      yield { status };
      await gone;
      yield { status };
    },
  };
  return { each: directService(Health, implementation), letGo };
}

test("calls in flight end on the implementation that they began on, others run on the new one [INL-09]", async () => {
  const [one, two] = [service(Status.SERVING), service(Status.NOT_SERVING)];
  const channel = createDirectChannel([one.each]);
  const client = createClient(Health, channel.transport);
  const old = client.watch({})[Symbol.asyncIterator]();
  assert.equal((await old.next()).value!.status, Status.SERVING);

  let isDrained = false;
  const drained = channel.replace([two.each]).then(() => (isDrained = true));
  assert.equal((await client.check({})).status, Status.NOT_SERVING);
  assert.equal(channel.inFlight, 1);
  assert.equal(isDrained, false);

  one.letGo();
  assert.equal((await old.next()).value!.status, Status.SERVING);
  assert.equal((await old.next()).done, true);
  await drained;
  assert.equal(channel.inFlight, 0);
});

test("what stays is not waited for, and services can come and go [INL-09]", async () => {
  const one = service(Status.SERVING);
  const channel = createDirectChannel([]);
  const client = createClient(Health, channel.transport);
  await assert.rejects(client.check({}), { code: Code.Unimplemented });
  await channel.replace([one.each]);
  const watch = client.watch({})[Symbol.asyncIterator]();
  await watch.next();
  await channel.replace([one.each]);
  const gone = channel.replace([]);
  await assert.rejects(client.check({}), { code: Code.Unimplemented });
  channel.destroy();
  await gone;
  await assert.rejects(watch.next(), { code: Code.Unavailable });
  assert.throws(() => channel.replace([one.each]), { code: "session-closed" });
});

test("finds methods by their names, and refuses those of another kind [INL-01]", async () => {
  const channel = createDirectChannel([service(Status.SERVING).each]);
  const copy = { ...Health.method.check };
  const { message } = await channel.transport.unary(copy, undefined, undefined, undefined, {});
  assert.equal(message.status, Status.SERVING);
  const other = { ...Health.method.check, methodKind: "server_streaming" } as unknown as typeof Health.method.watch;
  const call = channel.transport.stream(other, undefined, undefined, undefined, (async function* () {})());
  await assert.rejects(call, {
    code: Code.Unimplemented,
    rawMessage: /is unary here, and was called as server_streaming/,
  });
  const unknown = { ...Health.method.check, name: "Feel" };
  await assert.rejects(channel.transport.unary(unknown, undefined, undefined, undefined, {}), {
    code: Code.Unimplemented,
    rawMessage: "unknown method /grpc.health.v1.Health/Feel",
  });
});

test("a ping takes a turn of the event loop, and can be given up [INL-07]", async () => {
  const channel = createDirectChannel([]);
  assert.ok((await channel.ping()) >= 0);
  await assert.rejects(channel.ping({ signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  await channel[Symbol.asyncDispose]();
  await assert.rejects(channel.ping(), /the channel was closed/);
});
