import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createClient } from "@tenon/wire";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { closeEcho, connectEcho } from "./pair.js";

const hello = { chunks: [Buffer.from("hello")] };

for (const { title, end } of [
  { title: "an aborted call gives nothing more, also when all of its answers had come [WIRE-04]", end: true },
  { title: "an aborted call gives nothing more of what had come by then [WIRE-04]", end: false },
]) {
  test(title, async () => {
    const pair = connectEcho({
      async *serverStream(request, { signal }) {
        yield request;
        yield request;
        if (!end) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    });
    for (const client of [pair.client, createClient(Echo, pair.channel.transport)]) {
      const abort = new AbortController();
      const answers = client.serverStream(hello, { signal: abort.signal })[Symbol.asyncIterator]();
      assert.equal((await answers.next()).done, false);
      await pair.channel.ping(); // What the server has sent by now is here.
      abort.abort();
      await assert.rejects(answers.next(), (error) => error instanceof ConnectError && error.code === Code.Canceled);
    }
    await closeEcho(pair);
  });
}
