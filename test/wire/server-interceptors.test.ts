import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { closeEcho, connectEcho } from "./pair.js";

const caller = createContextKey("nobody");

/** Lets in who names himself, and tells the handler who it is. */
const authenticate: Interceptor = (next) => async (request) => {
  const name = request.header.get("x-name");
  if (name === null) throw new ConnectError("who are you?", Code.Unauthenticated);
  request.contextValues.set(caller, name);
  const response = await next(request);
  response.trailer.set("x-seen", name);
  return response;
};

describe("Connect-ES interceptors on the server", () => {
  const trace: string[] = [];
  const named =
    (name: string): Interceptor =>
    (next) =>
    async (request) => {
      trace.push(`${name} ${request.method.name} ${request.stream ? "stream" : "unary"}`);
      return await next(request);
    };
  const text = (message: { chunks: Uint8Array[] }) => Buffer.concat(message.chunks).toString();
  const connect = () =>
    connectEcho(
      {
        unary: (_request, context) => ({ chunks: [Buffer.from(context.values.get(caller))] }),
        async *serverStream(_request, context) {
          yield await Promise.resolve({ chunks: [Buffer.from(context.values.get(caller))] });
        },
        async clientStream(requests, context) {
          let count = 0;
          for await (const _ of requests) count++;
          return { chunks: [Buffer.from(`${context.values.get(caller)} ${count}`)] };
        },
        async *bidi(requests, context) {
          for await (const _ of requests) yield { chunks: [Buffer.from(context.values.get(caller))] };
        },
      },
      { server: { interceptors: [named("outer"), authenticate, named("inner")] } },
    );
  async function* requests() {
    yield await Promise.resolve({});
    yield {};
  }

  test("see every kind of call, the first one outermost, and may replace what a handler gets and gives", async () => {
    const pair = connect();
    const headers = { "x-name": "ada" };
    let trailer: Headers | undefined;
    const onTrailer = (received: Headers) => {
      trailer = received;
    };
    trace.length = 0;
    assert.equal(text(await pair.client.unary({}, { headers, onTrailer })), "ada");
    assert.equal(trailer?.get("x-seen"), "ada");
    assert.equal(text(await pair.client.clientStream(requests(), { headers })), "ada 2");
    const answers: string[] = [];
    for await (const answer of pair.client.serverStream({}, { headers })) answers.push(text(answer));
    for await (const answer of pair.client.bidi(requests(), { headers, onTrailer })) answers.push(text(answer));
    assert.deepEqual(answers, ["ada", "ada", "ada"]);
    assert.equal(trailer?.get("x-seen"), "ada");
    assert.deepEqual(trace, [
      "outer Unary unary",
      "inner Unary unary",
      "outer ClientStream stream",
      "inner ClientStream stream",
      "outer ServerStream stream",
      "inner ServerStream stream",
      "outer Bidi stream",
      "inner Bidi stream",
    ]);
    await closeEcho(pair);
  });

  test("may refuse a call before its handler runs", async () => {
    const pair = connect();
    for (const call of [
      () => pair.client.unary({}),
      () => pair.client.clientStream(requests()),
      () => pair.client.serverStream({})[Symbol.asyncIterator]().next(),
      () => pair.client.bidi(requests())[Symbol.asyncIterator]().next(),
    ]) {
      await assert.rejects(call, (error) => ConnectError.from(error).code === Code.Unauthenticated);
    }
    await closeEcho(pair);
  });
});
