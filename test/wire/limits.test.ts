import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { failure, hello } from "./calls.js";
import { closeEcho, connectEcho } from "./pair.js";

describe("limits", () => {
  test("calls beyond the server's stream limit wait their turn; an aborted one leaves the queue [WIRE-07]", async () => {
    let running = 0;
    let most = 0;
    const pair = connectEcho(
      {
        async unary(request) {
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
          return request;
        },
      },
      { server: { maxConcurrentStreams: 3 } },
    );
    await pair.channel.ping();
    const abort = new AbortController();
    const calls = Array.from({ length: 20 }, () => pair.client.unary(hello));
    const aborted = failure(pair.client.unary(hello, { signal: abort.signal }));
    abort.abort();
    assert.equal((await aborted).code, Code.Canceled);
    await Promise.all(calls);
    assert.equal(most, 3);
    await closeEcho(pair);
  });

  test("a queue that is full refuses", async () => {
    const pair = connectEcho(
      { unary: () => new Promise(() => {}) },
      { server: { maxConcurrentStreams: 1 }, channel: { maxQueuedCalls: 1 } },
    );
    await pair.channel.ping();
    const calls = [failure(pair.client.unary(hello)), failure(pair.client.unary(hello))];
    assert.equal((await failure(pair.client.unary(hello))).code, Code.ResourceExhausted);
    await closeEcho(pair);
    for (const error of await Promise.all(calls)) assert.equal(error.code, Code.Unavailable);
  });

  for (const [what, options] of [
    ["a request over the server's limit", { server: { maxReceiveMessageBytes: 1000 } }],
    ["a request over the client's limit", { channel: { maxSendMessageBytes: 1000 } }],
    ["an answer over the client's limit", { channel: { maxReceiveMessageBytes: 1000 } }],
    ["an answer over the server's limit", { server: { maxSendMessageBytes: 1000 } }],
  ] as const) {
    test(`${what} fails its call alone with RESOURCE_EXHAUSTED [WIRE-10]`, async () => {
      const pair = connectEcho({ unary: (request) => request }, options);
      const exact = { chunks: [new Uint8Array(997)] };
      assert.equal((await pair.client.unary(exact)).chunks[0]!.length, 997);
      const error = await failure(pair.client.unary({ chunks: [new Uint8Array(998)] }));
      assert.equal(error.code, Code.ResourceExhausted);
      assert.match(error.rawMessage, /MessageBytes/);
      await pair.client.unary(exact);
      await closeEcho(pair);
    });
  }

  test("metadata over the header list limit fails its call alone", async () => {
    const pair = connectEcho({ unary: (request) => request }, { server: { maxHeaderListBytes: 2000 } });
    const headers = { "x-long": "x".repeat(3000) };
    assert.equal((await failure(pair.client.unary(hello, { headers }))).code, Code.ResourceExhausted);
    await pair.client.unary(hello, { headers: { "x-long": "x".repeat(1000) } });
    await closeEcho(pair);
  });

  test("headers that the server would not take fail their call before they are sent, and no other", async () => {
    const pair = connectEcho({ unary: (request) => request }, { server: { maxHeaderListBytes: 2000 } });
    const before = pair.client.unary(hello);
    await before;
    const { bytesOut } = pair.channel.stats();
    const headers = { "x-long": "x".repeat(100_000) };
    const others = Array.from({ length: 5 }, () => pair.client.unary(hello));
    const error = await failure(pair.client.unary(hello, { headers }));
    assert.equal(error.code, Code.ResourceExhausted);
    assert.match(error.rawMessage, /2000 bytes/);
    const read = async () => {
      for await (const _ of pair.client.serverStream(hello, { headers }));
    };
    assert.equal((await failure(read())).code, Code.ResourceExhausted);
    await Promise.all(others);
    assert.ok(pair.channel.stats().bytesOut - bytesOut < 10_000);
    assert.equal(pair.channel.inFlight, 0);
    await closeEcho(pair);
  });

  for (const bytes of [3000, 100_000]) {
    for (const [where, set] of [
      ["headers", (context) => context.responseHeader.set("x-long", "x".repeat(bytes))],
      ["trailers", (context) => context.responseTrailer.set("x-long", "x".repeat(bytes))],
    ] as [string, (context: HandlerContext) => void][]) {
      test(`${where} of ${bytes} bytes that the client would not take fail their call and no other`, async () => {
        const pair = connectEcho(
          {
            unary: (request, context) => {
              if (context.requestHeader.has("x-ask")) set(context);
              if (context.requestHeader.has("x-fail")) throw new ConnectError("no", Code.NotFound);
              return request;
            },
          },
          { channel: { maxHeaderListBytes: 2000 } },
        );
        await pair.client.unary(hello);
        const others = Array.from({ length: 5 }, () => pair.client.unary(hello));
        for (const headers of [{ "x-ask": "1" }, { "x-ask": "1", "x-fail": "1" }]) {
          const { code } = await failure(pair.client.unary(hello, { headers }));
          assert.ok(code === Code.Internal || code === Code.ResourceExhausted, Code[code]);
        }
        await Promise.all(others);
        await pair.client.unary(hello);
        assert.equal(pair.server.inFlight, 0);
        await closeEcho(pair);
      });
    }
  }

  test("metadata of 40 kB travels in CONTINUATION frames", async () => {
    const pair = connectEcho({
      unary: (request, context) => {
        context.responseTrailer.set("x-back", context.requestHeader.get("x-long")!);
        return request;
      },
    });
    let back = "";
    await pair.client.unary(hello, {
      headers: { "x-long": "abc,".repeat(10_000) },
      onTrailer: (trailer) => {
        back = trailer.get("x-back")!;
      },
    });
    assert.equal(back, "abc,".repeat(10_000));
    await closeEcho(pair);
  });
});
