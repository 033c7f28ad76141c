import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { createClient } from "@tenon/wire";
import { createDirectChannel, directService } from "@tenon/wire/direct";
import { Echo, type EchoMessage, EchoMessageSchema } from "../../gen/tenon/test/v1/echo_pb.js";

/** Keeps the messages of its side and changes them whenever it can. */
function open(copy: boolean) {
  const kept: EchoMessage[] = [];
  const spoil = (message: EchoMessage) => {
    message.chunks[0]![0]! += 1;
    message.chunks.push(new Uint8Array([99]));
  };
  const answer = (request: EchoMessage) => {
    kept.push(request);
    spoil(request);
    return request;
  };
  const service: ServiceImpl<typeof Echo> = {
    unary: answer,
    async *serverStream(request) {
      yield answer(request);
    },
    async clientStream(requests) {
      let last: EchoMessage | undefined;
      for await (const request of requests) last = answer(request);
      return last!;
    },
    async *bidi(requests) {
      for await (const request of requests) yield answer(request);
    },
  };
  const channel = createDirectChannel([directService(Echo, service)], { copy });
  return { client: createClient(Echo, channel.transport), kept, spoil };
}

async function* only<T>(value: T): AsyncIterable<T> {
  yield value;
}

async function last<T>(values: AsyncIterable<T>): Promise<T> {
  let found: T | undefined;
  for await (const value of values) found = value;
  return found!;
}

for (const kind of ["unary", "serverStream", "clientStream", "bidi"] as const) {
  const call = (client: ReturnType<typeof open>["client"], request: EchoMessage): Promise<EchoMessage> => {
    switch (kind) {
      case "unary":
        return client.unary(request);
      case "serverStream":
        return last(client.serverStream(request));
      case "clientStream":
        return client.clientStream(only(request));
      default:
        return last(client.bidi(only(request)));
    }
  };

  test(`with copy neither side sees what the other does to a message, ${kind} [INL-08]`, async () => {
    const { client, kept, spoil } = open(true);
    const request = create(EchoMessageSchema, { chunks: [new Uint8Array([1, 2, 3])] });
    const answer = await call(client, request);
    assert.deepEqual(request.chunks, [new Uint8Array([1, 2, 3])]);
    assert.deepEqual(answer.chunks, [new Uint8Array([2, 2, 3]), new Uint8Array([99])]);
    spoil(answer);
    assert.deepEqual(kept[0]!.chunks, [new Uint8Array([2, 2, 3]), new Uint8Array([99])]);
  });

  test(`without copy both sides have the same objects, ${kind} [INL-08]`, async () => {
    const { client, kept } = open(false);
    const request = create(EchoMessageSchema, { chunks: [new Uint8Array([1, 2, 3])] });
    assert.equal(await call(client, request), request);
    assert.equal(kept[0], request);
  });
}

test("only the fields of a message become a whole one, on both sides [INL-01]", async () => {
  const seen: unknown[] = [];
  const unary = (request: EchoMessage) => {
    seen.push(request);
    return {};
  };
  const channel = createDirectChannel([directService(Echo, { unary })]);
  seen.push(await createClient(Echo, channel.transport).unary({}));
  assert.deepEqual(seen, [create(EchoMessageSchema), create(EchoMessageSchema)]);
});

test("with copy a value that its field cannot hold fails the call as on the wire [INL-08]", async () => {
  const channel = createDirectChannel([directService(Echo, { unary: () => ({ chunks: ["text" as never] }) })], {
    copy: true,
  });
  const client = createClient(Echo, channel.transport);
  await assert.rejects(client.unary({}), { code: Code.Unknown });
  await assert.rejects(client.unary({ chunks: [5 as never] }), { code: Code.Internal });
});
