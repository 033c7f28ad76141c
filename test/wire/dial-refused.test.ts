import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { Code, createClient } from "@connectrpc/connect";
import { createDuplexPair } from "@tenon/testkit";
import { createServer, dial } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { failure, hello, three } from "./calls.js";

/** A server, of node:http2, that refuses the first streams and sends back the body of the others. */
async function refusing(t: TestContext, times: number): Promise<{ connect: () => Socket; streams: () => number }> {
  const folder = mkdtempSync("/tmp/tw");
  let streams = 0;
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    if (++streams <= times) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    return stream.pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(`${folder}/s`, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { connect: () => connect(`${folder}/s`), streams: () => streams };
}

/** The SETTINGS of a server, and behind the first calls GOAWAY with last stream 0. */
function sayGoaway(stream: Duplex, errorCode: number): void {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const goaway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, errorCode]);
  let chunks = 0;
  stream.on("error", () => {});
  stream.on("data", () => {
    chunks++;
    if (chunks <= 2) stream.write(chunks === 1 ? settings : goaway);
  });
}

describe("a call that the server refuses to look at", () => {
  test("is sent again with all its messages [WIRE-33]", async (t) => {
    const { connect, streams } = await refusing(t, 3);
    await using channel = dial(connect);
    const client = createClient(Echo, channel.transport);
    const answers: string[] = [];
    for await (const { chunks } of client.bidi(three())) answers.push(Buffer.from(chunks[0]!).toString());
    assert.deepEqual(answers, ["hello", "hello", "hello"]);
    assert.equal(channel.stats().retries, 3);
    assert.equal(streams(), 4);
    assert.equal((await client.unary(hello)).chunks.length, 1);
  });

  test("is sent again on another connection after GOAWAY with a lower stream, whatever its code [WIRE-33]", async () => {
    for (const errorCode of [0, 2]) {
      const server = createServer().add(Echo, { unary: (request) => request });
      let connections = 0;
      await using channel = dial(() => {
        const [near, far] = createDuplexPair();
        if (++connections > 1) server.accept(far);
        else sayGoaway(far, errorCode);
        return near;
      });
      const client = createClient(Echo, channel.transport);
      const both = await Promise.all([client.unary(hello), client.unary(hello)]);
      assert.equal(both.length, 2);
      assert.equal(connections, 2);
      assert.equal(channel.stats().retries, 2);
      server.destroy();
    }
  });

  test("is sent again so often and no more [WIRE-35]", async (t) => {
    const { connect, streams } = await refusing(t, Number.POSITIVE_INFINITY);
    for (const [options, sent] of [
      [{}, 6],
      [{ maxTransparentRetries: 0 }, 1],
    ] as const) {
      const before = streams();
      await using channel = dial(connect, options);
      const error = await failure(createClient(Echo, channel.transport).unary(hello));
      assert.equal(error.code, Code.Unavailable);
      assert.match(error.rawMessage, /REFUSED_STREAM/);
      assert.equal(streams() - before, sent);
    }
  });

  test("fails when it has sent more than is kept [WIRE-35]", async (t) => {
    const { connect, streams } = await refusing(t, 1);
    await using channel = dial(connect, { maxReplayBytes: 3 });
    const client = createClient(Echo, channel.transport);
    assert.equal((await failure(client.clientStream(three()))).code, Code.Unavailable);
    assert.equal(streams(), 1);
    assert.equal((await client.unary(hello)).chunks.length, 1);
  });
});
