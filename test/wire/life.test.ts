import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createDuplexPair, injectFaults } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { failure, hello } from "./calls.js";
import { closeEcho, connectEcho } from "./pair.js";

/** A promise and its resolver. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("the end of a channel", () => {
  test("a channel that closes lets its calls end and takes no new ones [WIRE-08]", async () => {
    const { opened, open } = gate();
    const pair = connectEcho({
      async unary(request) {
        await opened;
        return request;
      },
    });
    const answer = pair.client.unary(hello);
    await pair.channel.ping();
    const closed = pair.channel.close();
    assert.equal((await failure(pair.client.unary(hello))).code, Code.Unavailable);
    open();
    assert.equal((await answer).chunks.length, 1);
    assert.equal((await closed).kind, "closed");
    await pair.server.close();
    assert.equal(pair.server.connectionCount, 0);
  });

  test("a server that closes says GOAWAY, answers what it has accepted, and ends [WIRE-08]", async () => {
    const { opened, open } = gate();
    const pair = connectEcho({
      async unary(request) {
        await opened;
        return request;
      },
    });
    const answer = pair.client.unary(hello);
    await pair.channel.ping();
    const closed = pair.server.close();
    await pair.channel.ping().catch(() => {});
    const refused = await failure(pair.client.unary(hello));
    assert.equal(refused.code, Code.Unavailable);
    assert.match(refused.rawMessage, /not sent/);
    open();
    assert.equal((await answer).chunks.length, 1);
    await closed;
    assert.equal((await pair.channel.closed).kind, "goaway");
  });

  test("a server that is out of patience resets what is left, and its handlers see it", async () => {
    let aborted = false;
    const pair = connectEcho({
      unary: (request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve(request);
          });
        }),
    });
    const answer = failure(pair.client.unary(hello));
    await pair.channel.ping();
    await pair.server.close({ graceMs: 10 });
    assert.equal((await answer).code, Code.Unavailable);
    assert.ok(aborted);
  });

  test("a byte stream that is reset at any byte ends every call exactly once [WIRE-12]", async () => {
    // 400 bytes are more than the connection and two calls take; every fifth byte keeps the test short.
    for (let afterBytes = 0; afterBytes < 400; afterBytes += 5) {
      const [near, far] = createDuplexPair();
      const server = createServer().add(Echo, { unary: (request) => request });
      server.accept(far);
      const { stream } = injectFaults(near, {
        fault: "reset",
        afterBytes,
        direction: afterBytes % 2 ? "read" : "write",
      });
      const channel = createChannel(stream);
      const client = createClient(Echo, channel.transport);
      const outcomes = await Promise.allSettled([client.unary(hello), client.unary(hello)]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") assert.equal(ConnectError.from(outcome.reason).code, Code.Unavailable);
      }
      if (outcomes.some(({ status }) => status === "rejected")) assert.equal((await channel.closed).kind, "lost");
      channel.destroy();
      server.destroy();
    }
  });

  test("the owner may explain a loss: calls fail with its words and its cause [WIRE-12]", async () => {
    const cause = new Error("exit code 1");
    let asked = 0;
    const pair = connectEcho(
      { unary: () => new Promise(() => {}) },
      {
        channel: {
          explainLoss: async () => {
            asked += 1;
            return { message: "the plugin kv exited with code 1", cause };
          },
        },
      },
    );
    const calls = [failure(pair.client.unary(hello)), failure(pair.client.unary(hello))];
    await pair.channel.ping();
    pair.ends[1].destroy();
    for (const error of [...(await Promise.all(calls)), await failure(pair.client.unary(hello))]) {
      assert.equal(error.code, Code.Unavailable);
      assert.equal(error.rawMessage, "the plugin kv exited with code 1");
      assert.equal(error.cause, cause);
    }
    assert.equal(asked, 1);
  });
});

test("interceptors see requests and answers, and may end a call [WIRE-02]", async () => {
  const seen: string[] = [];
  const watch: Interceptor = (next) => async (request) => {
    seen.push(`${request.method.name} ${request.url}`);
    request.header.set("echo-by", "interceptor");
    const response = await next(request);
    seen.push(response.header.get("echo-by") ?? "nothing");
    return response;
  };
  const pair = connectEcho(
    {
      unary: (request, context) => {
        context.responseHeader.set("echo-by", context.requestHeader.get("echo-by")!);
        return request;
      },
      async *serverStream(request) {
        yield request;
      },
    },
    { channel: { interceptors: [watch] } },
  );
  await pair.client.unary(hello);
  for await (const _ of pair.client.serverStream(hello)) seen.push("message");
  assert.deepEqual(seen, [
    "Unary http://localhost/tenon.test.v1.Echo/Unary",
    "interceptor",
    "ServerStream http://localhost/tenon.test.v1.Echo/ServerStream",
    "nothing",
    "message",
  ]);
  const timedOut = connectEcho(
    {
      unary: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
    },
    { channel: { interceptors: [(next) => (request) => next(request)] } },
  );
  assert.equal((await failure(timedOut.client.unary(hello, { timeoutMs: 20 }))).code, Code.DeadlineExceeded);
  await closeEcho(timedOut);
  await closeEcho(pair);
});

test("a handler may throw anything: the caller gets one status", async () => {
  const pair = connectEcho({
    unary: (request) => {
      throw request.chunks[0]!.length === 0 ? undefined : new TypeError("no such thing\nreally ☺");
    },
  });
  const odd = await failure(pair.client.unary({ chunks: [new Uint8Array(0)] }));
  assert.equal(odd.code, Code.Unknown);
  const plain = await failure(pair.client.unary(hello));
  assert.equal(plain.code, Code.Unknown);
  assert.equal(plain.rawMessage, "no such thing\nreally ☺");
  await closeEcho(pair);
});
