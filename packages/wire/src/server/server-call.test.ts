import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { test, type TestContext } from "node:test";
import { Health } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { createServer } from "./server.js";

interface Answer {
  readonly headers: IncomingHttpHeaders;
  /** Undefined where the headers were all. */
  readonly trailers: IncomingHttpHeaders | undefined;
}

/** Calls a method that fails after `prepare`, with a client that shows which header block a field was in. */
async function failing(t: TestContext, prepare: (context: HandlerContext) => void): Promise<Answer> {
  const [near, far] = createDuplexPair();
  const server = createServer().add(Health, {
    check: (_request, context) => {
      prepare(context);
      throw new ConnectError("no", Code.NotFound);
    },
  });
  server.accept(far);
  const session = connect("http://localhost", { createConnection: () => near });
  t.after(() => {
    session.destroy();
    server.destroy();
  });
  const path = { ":method": "POST", ":path": "/grpc.health.v1.Health/Check" };
  const stream = session.request({ ...path, "content-type": "application/grpc", te: "trailers" });
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("trailers", (fields) => (trailers = fields));
  const answered = once(stream, "response") as Promise<[IncomingHttpHeaders]>;
  const closed = once(stream, "close");
  stream.resume().end(Buffer.alloc(5));
  const [headers] = await answered;
  await closed;
  return { headers, trailers };
}

test("a call that fails answers with trailers alone [WIRE-05]", async (t) => {
  const { headers, trailers } = await failing(t, ({ responseTrailer }) => responseTrailer.set("x-behind", "b"));
  assert.deepEqual([headers["grpc-status"], headers["x-behind"], trailers], ["5", "b", undefined]);
});

test("the headers of a call that fails are not mixed with its trailers [WIRE-02]", async (t) => {
  const { headers, trailers } = await failing(t, ({ responseHeader, responseTrailer }) => {
    responseHeader.set("x-front", "f");
    responseTrailer.set("x-behind", "b");
  });
  assert.deepEqual([headers["x-front"], headers["grpc-status"], headers["x-behind"]], ["f", undefined, undefined]);
  assert.deepEqual([trailers?.["grpc-status"], trailers?.["x-behind"], trailers?.["x-front"]], ["5", "b", undefined]);
});
