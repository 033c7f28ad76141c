import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient } from "@connectrpc/connect";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { type ChannelOptions, createChannel, createServer, dial } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { failure, hello } from "./calls.js";

/** A server and how to reach it, again and again. */
function place() {
  const streams: Duplex[] = [];
  let running = 0;
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const server = createServer().add(Echo, {
    async unary(request) {
      await sleep(Math.random() * 2);
      return request;
    },
    async *serverStream(request) {
      running++;
      yield request;
      await gate;
      yield request;
      running--;
    },
  });
  const connect = () => {
    const [near, far] = createDuplexPair();
    streams.push(near);
    server.accept(far);
    return near;
  };
  return { server, streams, connect, open, running: () => running };
}

for (const kind of ["dial", "createChannel"] as const) {
  const make = (connect: () => Duplex, options: ChannelOptions = {}) =>
    kind === "dial" ? dial(connect, options) : createChannel(connect(), { ...options, renew: connect });

  describe(`a channel of ${kind} whose stream identifiers are used up [WIRE-52]`, () => {
    test("goes on with another connection, and no call fails", async () => {
      const { server, streams, connect } = place();
      const channel = make(connect, { maxCallsPerConnection: 10 });
      const client = createClient(Echo, channel.transport);
      const callers = Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 20; i++) assert.equal((await client.unary(hello)).chunks.length, 1);
      });
      await Promise.all(callers);
      assert.ok(streams.length >= 32, `${streams.length} connections`);
      assert.equal(server.stats().streams, 320);
      assert.equal(channel.stats().streams, 320);
      assert.equal(channel.inFlight, 0);
      assert.ok((await channel.ping({ timeoutMs: 1000 })) >= 0);
      await eventually(() => server.connectionCount === 1);
      assert.equal((await channel.close()).kind, "closed");
      await server.close();
    });

    test("lets the streams of the old connection end, however late", async () => {
      const { server, connect, open, running } = place();
      const channel = make(connect, { maxCallsPerConnection: 2 });
      const client = createClient(Echo, channel.transport);
      const answers = client.serverStream(hello)[Symbol.asyncIterator]();
      await answers.next();
      for (let i = 0; i < 10; i++) await client.unary(hello);
      assert.equal(running(), 1);
      assert.equal(channel.inFlight, 1);
      let isClosed = false;
      const closed = channel.close().then(() => (isClosed = true));
      await sleep(20);
      assert.equal(isClosed, false);
      open();
      assert.equal((await answers.next()).done, false);
      assert.equal((await answers.next()).done, true);
      await closed;
      await server.close();
    });

    test("fails the calls that wait when no other connection can be made, with what its owner knows", async () => {
      const { server, connect } = place();
      let isUp = true;
      const told: string[] = [];
      const channel = make(
        () => {
          if (!isUp) throw new Error("nobody is there");
          return connect();
        },
        {
          maxCallsPerConnection: 3,
          explainLoss: async ({ message }) => {
            told.push(message);
            return { message: "the plugin kv ended", cause: new Error("exit code 3") };
          },
        },
      );
      const client = createClient(Echo, channel.transport);
      const held = [1, 2].map(() => client.unary(hello));
      await Promise.all(held);
      isUp = false;
      await client.unary(hello);
      const error = await failure(client.unary(hello));
      assert.equal(error.code, Code.Unavailable);
      assert.equal(error.rawMessage, "the plugin kv ended");
      assert.match(String(error.cause), /exit code 3/);
      assert.match(told[0]!, /nobody is there/);
      channel.destroy();
      await channel.closed;
      server.destroy();
    });
  });
}

describe("a channel of createChannel", () => {
  test("asks for the next connection again while the old one lives, and ends with it otherwise [WIRE-52]", async () => {
    const { server, connect, open } = place();
    let attempts = 0;
    const channel = createChannel(connect(), {
      maxCallsPerConnection: 1,
      renew: () => {
        if (++attempts <= 2) throw new Error("not yet");
        if (attempts > 3) throw new Error("never again");
        return connect();
      },
    });
    const client = createClient(Echo, channel.transport);
    const answers = client.serverStream(hello)[Symbol.asyncIterator]();
    await answers.next();
    await eventually(() => attempts === 1);
    assert.match((await failure(client.unary(hello))).rawMessage, /not yet/);
    await client.unary(hello);
    open();
    while ((await answers.next()).done !== true);
    const { kind, message } = await channel.closed;
    assert.equal(kind, "lost");
    assert.match(message, /no further connection could be made: never again/);
    assert.match((await failure(client.unary(hello))).rawMessage, /never again/);
    await server.close();
  });

  test("without renew it ends gently with its last call [WIRE-45]", async () => {
    const { server, connect } = place();
    const channel = createChannel(connect(), { maxCallsPerConnection: 2 });
    const client = createClient(Echo, channel.transport);
    await Promise.all([client.unary(hello), client.unary(hello)]);
    assert.equal((await failure(client.unary(hello))).code, Code.Unavailable);
    assert.match((await channel.closed).message, /every stream identifier/);
    await server.close();
  });

  test("with renew, a connection that is lost is the end, of the older ones too [WIRE-52]", async () => {
    const { server, streams, connect, running } = place();
    const channel = createChannel(connect(), { maxCallsPerConnection: 1, renew: connect });
    const client = createClient(Echo, channel.transport);
    const answers = client.serverStream(hello)[Symbol.asyncIterator]();
    await answers.next();
    await eventually(() => streams.length === 2);
    assert.equal(running(), 1);
    const rest = failure(answers.next());
    await channel.ping();
    streams[1]!.destroy();
    assert.equal((await rest).code, Code.Unavailable);
    assert.equal((await channel.closed).kind, "lost");
    assert.equal((await failure(client.unary(hello))).code, Code.Unavailable);
    assert.equal(streams.length, 2);
    server.destroy();
  });

  test("closed or destroyed while it renews, it calls the attempt off", async () => {
    for (const end of ["close", "destroy"] as const) {
      const { server, connect } = place();
      let signal: AbortSignal | undefined;
      const channel = createChannel(connect(), {
        maxCallsPerConnection: 1,
        renew: (given) => {
          signal = given;
          return new Promise(() => {});
        },
      });
      const client = createClient(Echo, channel.transport);
      await client.unary(hello);
      const waiting = failure(client.unary(hello));
      const ping = channel.ping().catch((error: unknown) => error);
      await eventually(() => signal !== undefined);
      void channel[end]();
      assert.equal((await waiting).code, Code.Unavailable);
      assert.ok((await ping) instanceof Error);
      assert.equal((await channel.closed).kind, "closed");
      assert.ok(signal!.aborted);
      await server.close();
    }
  });
});

test("a dialed channel asks its owner about each loss once, and about what it cannot reach [WIRE-12]", async () => {
  const { server, streams, connect } = place();
  let isUp = true;
  const told: string[] = [];
  const channel = dial(
    () => {
      if (!isUp) throw new Error("refused");
      return connect();
    },
    {
      initialBackoffMs: 50,
      explainLoss: async ({ kind, message }) => {
        told.push(`${kind}: ${message}`);
        return { message: `explained ${told.length}` };
      },
    },
  );
  const client = createClient(Echo, channel.transport);
  await client.unary(hello);
  const lost = [1, 2].map(() => failure(client.unary(hello)));
  await eventually(() => channel.inFlight >= 2);
  isUp = false;
  streams[0]!.destroy();
  for (const error of await Promise.all(lost)) assert.equal(error.rawMessage, "explained 1");
  const refused = [await failure(client.unary(hello)), await failure(client.unary(hello))];
  for (const error of refused) assert.match(error.rawMessage, /^explained [23]$/);
  assert.match(told[0]!, /^lost: /);
  assert.match(told[1]!, /refused/);
  channel.destroy();
  server.destroy();
});
