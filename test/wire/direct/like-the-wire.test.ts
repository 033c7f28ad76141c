import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Code, ConnectError, type HandlerContext, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { createClient } from "@tenon/wire";
import { createDirectChannel, directService } from "@tenon/wire/direct";
import { type EchoMessage, Echo, EchoMessageSchema } from "../../gen/tenon/test/v1/echo_pb.js";
import { connectEcho } from "../pair.js";

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

/** What handlers throw, and what of it must be the same in the error of the call. */
const thrown: Readonly<Record<string, () => unknown>> = {
  "an Error": () => new Error("plain"),
  "a TypeError without text": () => new TypeError(),
  "an AbortError": () => new DOMException("given up", "AbortError"),
  "a ConnectError": () => new ConnectError("not now", Code.FailedPrecondition),
  "a ConnectError with metadata": () =>
    new ConnectError("busy", Code.ResourceExhausted, {
      "x-left": "3",
      "x-raw-bin": "AAEC",
      "grpc-status": "0",
      te: "no",
    }),
  "a ConnectError with details": () =>
    new ConnectError("see details", Code.Aborted, undefined, [
      { desc: EchoMessageSchema, value: { chunks: [new Uint8Array([1, 2, 3])] } },
      { desc: EchoMessageSchema, value: {} },
    ]),
  "a ConnectError whose detail is no message": () =>
    new ConnectError("broken detail", Code.Aborted, undefined, [
      { desc: EchoMessageSchema, value: { chunks: ["text" as never] } },
    ]),
  "a ConnectError of code 0": () => Object.assign(new ConnectError("fine?"), { code: 0 }),
  "a ConnectError of code 99": () => Object.assign(new ConnectError("what?"), { code: 99 }),
  "an Error whose message is a number": () => Object.assign(new Error(), { message: 5 }),
  "an Error whose message throws": () =>
    Object.defineProperty(new Error(), "message", {
      get() {
        throw new Error("no message for you");
      },
    }),
  "an Error with a cyclic cause": () => new Error("cyclic", { cause: cyclic }),
  undefined: () => undefined,
  null: () => null,
  "a text": () => "just a text",
  "a number": () => 42,
  "a symbol": () => Symbol("strange"),
  "a cyclic object": () => cyclic,
  "an object without text": () => Object.create(null) as unknown,
  "an object whose text throws": () => ({
    toString() {
      throw new Error("no text for you");
    },
  }),
  "a proxy that was revoked": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a text of ten megabytes": () => "x".repeat(10 * 1024 * 1024),
  "an Error of line breaks, percent signs, emoji and half of one": () => new Error("a\r\nb %41 😀 \ud83d"),
};

const names = Object.keys(thrown);
const raise = (request: EchoMessage, context: HandlerContext) => {
  if (context.requestHeader.get("x-headers") !== null) {
    context.responseHeader.set("x-from-header", "h");
    context.responseTrailer.set("x-from-trailer", "t");
  }
  throw thrown[names[request.chunks[0]![0]!]!]!();
};

const services: Readonly<Record<string, Partial<ServiceImpl<typeof Echo>>>> = {
  "at once": {
    unary: raise,
    // oxlint-disable-next-line require-yield
    async *serverStream(request, context) {
      raise(request, context);
    },
  },
  later: {
    async unary(request, context) {
      await new Promise(setImmediate);
      return raise(request, context);
    },
    async *serverStream(request, context) {
      yield {};
      raise(request, context);
    },
  },
};

async function failureOf(
  transport: Transport,
  kind: "unary" | "serverStream",
  index: number,
  headers: Record<string, string>,
) {
  const client = createClient(Echo, transport);
  const request = { chunks: [new Uint8Array([index])] };
  try {
    if (kind === "unary") await client.unary(request, { headers });
    else for await (const _ of client.serverStream(request, { headers }));
  } catch (error) {
    assert.ok(error instanceof ConnectError, String(error));
    const { code, rawMessage, message, metadata, details } = error;
    const own = [...metadata].filter(([name]) => name !== "content-type");
    return { code, rawMessage, message, metadata: own, details };
  }
  return assert.fail("the call did not fail");
}

for (const [when, service] of Object.entries(services)) {
  const wire = connectEcho(service);
  const direct = createDirectChannel([directService(Echo, service)]);
  const copying = createDirectChannel([directService(Echo, service)], { copy: true });
  after(async () => {
    wire.channel.destroy();
    wire.server.destroy();
    await Promise.all([direct.close(), copying.close()]);
  });
  for (const [index, name] of names.entries()) {
    for (const kind of ["unary", "serverStream"] as const) {
      test(`a handler that throws ${name} ${when} fails as over the wire, ${kind} [INL-03]`, async () => {
        for (const headers of [{}, { "x-headers": "1" }]) {
          const expected = await failureOf(wire.channel.transport, kind, index, headers);
          assert.deepEqual(await failureOf(direct.transport, kind, index, headers), expected);
          assert.deepEqual(await failureOf(copying.transport, kind, index, headers), expected);
          assert.ok(expected.rawMessage.length < 5000);
        }
      });
    }
  }
}
