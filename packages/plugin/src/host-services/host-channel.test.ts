import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError, createClient, createContextValues } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { type Channel, createChannel } from "@tenon/wire";
import { hostServicesKey } from "@tenon/wire/broker";
import { createServer } from "@tenon/wire/server";
import { echo, KV } from "../kv.testing.js";
import { createHostChannel } from "./host-channel.js";

/** What dials a host, which counts how often it was. */
function createDial(t: TestContext) {
  const server = createServer().add(KV, echo);
  const channels: Channel[] = [];
  t.after(() => {
    for (const channel of channels) channel.destroy();
    server.destroy();
  });
  return {
    channels,
    dial: async () => {
      const [ours, theirs] = createDuplexPair();
      server.accept(theirs);
      const channel = createChannel(ours);
      channels.push(channel);
      return channel;
    },
  };
}

test("nobody is dialled before the first use, and once for all of them [HSV-02]", async (t) => {
  const { dial, channels } = createDial(t);
  const source = createHostChannel(dial);
  assert.deepEqual([channels.length, source.ready], [0, undefined]);
  const transports = await Promise.all([source(), source(), source()]);
  assert.equal(new Set([...transports, await source(), source.ready]).size, 1);
  assert.equal(channels.length, 1);
  assert.equal((await createClient(KV, transports[0]).get({ key: "k" })).key, "k");
});

test("a channel that has ended is dialled anew [HSV-02]", async (t) => {
  const { dial, channels } = createDial(t);
  const source = createHostChannel(dial);
  await source();
  channels[0]!.destroy();
  await eventually(() => source.ready === undefined);
  assert.equal((await createClient(KV, await source()).get({ key: "k" })).key, "k");
  assert.equal(channels.length, 2);
});

test("a dial that failed says why, and is made again at the next use [HSV-02] [HSV-05]", async (t) => {
  const { dial, channels } = createDial(t);
  const errors = [
    new TenonError("broker-timeout", "Nobody answered."),
    new TenonError("broker-refused", "It was refused."),
    new TenonError("broker-closed", "There is no broker."),
    "a text",
  ];
  const source = createHostChannel(async () => {
    const [error] = errors.splice(0, 1);
    if (error !== undefined) throw error;
    return dial();
  });
  const codes: Code[] = [];
  for (let i = 0; i < 4; i++) {
    await assert.rejects(source(), (error: ConnectError) => {
      codes.push(error.code);
      return error instanceof ConnectError && error.cause !== undefined;
    });
  }
  assert.deepEqual(codes, [Code.FailedPrecondition, Code.FailedPrecondition, Code.Unavailable, Code.Unavailable]);
  await source();
  assert.equal(channels.length, 1);
});

test("a call that came over no connection of a host is told so [HSV-05]", async () => {
  await assert.rejects(createContextValues().get(hostServicesKey)(), { code: Code.FailedPrecondition });
});
