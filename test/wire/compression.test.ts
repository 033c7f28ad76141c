import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { type CallCompression, callCompression, type Compression } from "@tenon/wire";
import { closeEcho, connectEcho, type EchoPair } from "./pair.js";

const zeros = (bytes: number) => ({ chunks: [new Uint8Array(bytes)] });
const kinds: readonly Compression[] = ["identity", "gzip"];

/** Bytes of HTTP/2 that the client has sent and received since the last look. */
function traffic({ channel }: EchoPair): () => { out: number; in: number } {
  let before = channel.stats();
  return () => {
    const now = channel.stats();
    const passed = { out: now.bytesOut - before.bytesOut, in: now.bytesIn - before.bytesIn };
    before = now;
    return passed;
  };
}

describe("compression as the options say [WIRE-40]", () => {
  for (const channel of kinds) {
    for (const server of kinds) {
      test(`requests ${channel}, answers ${server}: every kind of call, small and large`, async () => {
        const pair = connectEcho(
          {
            unary: (request) => request,
            async *serverStream(request) {
              for (const size of [10, 100_000, 0])
                yield await Promise.resolve({ chunks: [...request.chunks, ...zeros(size).chunks] });
            },
            async clientStream(requests) {
              const chunks: Uint8Array[] = [];
              for await (const request of requests) chunks.push(...request.chunks);
              return { chunks };
            },
            async *bidi(requests) {
              yield* requests;
            },
          },
          { channel: { sendCompression: channel }, server: { sendCompression: server } },
        );
        const passed = traffic(pair);
        for (const size of [0, 10, 5000, 300_000]) {
          assert.equal((await pair.client.unary(zeros(size))).chunks[0]!.length, size);
        }
        const { out, in: back } = passed();
        assert.equal(out < 20_000, channel === "gzip", `${out} bytes of requests`);
        assert.equal(back < 20_000, server === "gzip", `${back} bytes of answers`);

        const sizes: number[] = [];
        for await (const { chunks } of pair.client.serverStream(zeros(7))) sizes.push(chunks[1]!.length);
        assert.deepEqual(sizes, [10, 100_000, 0]);
        const requests = async function* () {
          // Small ones are inflated at once, large ones in a thread: the order must hold.
          for (let i = 0; i < 20; i++)
            yield await Promise.resolve({ chunks: [Buffer.alloc(i % 2 === 0 ? 200_000 : 2000, i)] });
        };
        const all = await pair.client.clientStream(requests());
        assert.deepEqual(
          all.chunks.map(({ 0: first }) => first),
          Array.from({ length: 20 }, (_, i) => i),
        );
        const echoed: (number | undefined)[] = [];
        for await (const { chunks } of pair.client.bidi(requests())) echoed.push(chunks[0]![0]);
        assert.deepEqual(
          echoed,
          Array.from({ length: 20 }, (_, i) => i),
        );
        await closeEcho(pair);
      });
    }
  }

  test("small messages and those that do not shrink are sent as they are", async () => {
    const received: (Compression | undefined)[] = [];
    const pair = connectEcho(
      {
        unary: (request, context) => {
          received.push(context.values.get(callCompression)?.received);
          return request;
        },
      },
      { channel: { sendCompression: "gzip", minCompressBytes: 100 } },
    );
    const noise = crypto.getRandomValues(new Uint8Array(4000));
    for (const request of [zeros(50), zeros(150), { chunks: [noise] }]) await pair.client.unary(request);
    assert.deepEqual(received, ["identity", "gzip", "identity"]);
    await closeEcho(pair);
  });

  test("many calls at once, compressed in threads and not, keep their bytes", async () => {
    const pair = connectEcho(
      { unary: (request) => request },
      { channel: { sendCompression: "gzip" }, server: { sendCompression: "gzip" } },
    );
    const sizes = Array.from({ length: 60 }, (_, i) => [10, 3000, 40_000][i % 3]! + i);
    const answers = await Promise.all(sizes.map((size, i) => pair.client.unary({ chunks: [Buffer.alloc(size, i)] })));
    answers.forEach(({ chunks }, i) => assert.deepEqual(Buffer.from(chunks[0]!), Buffer.alloc(sizes[i]!, i)));
    await closeEcho(pair);
  });

  test("what inflates over the limit fails its call, the connection goes on [WIRE-41]", async () => {
    const limits = { maxReceiveMessageBytes: 100_000 };
    const pair = connectEcho(
      { unary: ({ chunks }) => (chunks.length === 0 ? zeros(1_000_000) : { chunks: [] }) },
      { channel: { sendCompression: "gzip", ...limits }, server: { sendCompression: "gzip", ...limits } },
    );
    for (const request of [{}, zeros(1_000_000), zeros(110_000)]) {
      await assert.rejects(
        pair.client.unary(request),
        (error) => ConnectError.from(error).code === Code.ResourceExhausted && /100000/.test(String(error)),
      );
    }
    await pair.client.unary(zeros(90_000));
    await closeEcho(pair);
  });
});

describe("compression message by message: the cases of gRPC's interop [WIRE-40]", () => {
  test("client_compressed_unary and client_compressed_streaming: the handler knows how each message came", async () => {
    const pair = connectEcho({
      unary: (request, context) => ({
        chunks: [Buffer.from(context.values.get(callCompression)?.received ?? "?"), ...request.chunks],
      }),
      async clientStream(requests, context) {
        const seen: Uint8Array[] = [];
        for await (const _ of requests) seen.push(Buffer.from(context.values.get(callCompression)?.received ?? "?"));
        return { chunks: seen };
      },
    });
    // A compressed request, then one that announces gzip and is sent as it is: the handler tells them apart.
    for (const send of ["gzip", "identity"] as const) {
      const contextValues = createContextValues().set(callCompression, { send });
      const { chunks } = await pair.client.unary(zeros(271_828), { contextValues });
      assert.equal(Buffer.from(chunks[0]!).toString(), send);
    }
    const compression: CallCompression = {};
    const contextValues = createContextValues().set(callCompression, compression);
    const requests = async function* () {
      for (const send of ["gzip", "identity", "gzip"] as const) {
        compression.send = send;
        yield await Promise.resolve(zeros(45_904));
      }
    };
    const { chunks } = await pair.client.clientStream(requests(), { contextValues });
    assert.deepEqual(
      chunks.map((chunk) => Buffer.from(chunk).toString()),
      ["gzip", "identity", "gzip"],
    );
    await closeEcho(pair);
  });

  test("server_compressed_unary and server_compressed_streaming: the handler decides for each answer", async () => {
    const pair = connectEcho({
      unary: (request, context) => {
        context.values.get(callCompression)!.send = request.chunks.length > 0 ? "gzip" : "identity";
        return zeros(314_159);
      },
      async *serverStream(_request, context) {
        const compression = context.values.get(callCompression)!;
        for (const [send, size] of [
          ["identity", 92_653],
          ["gzip", 31_415],
        ] as const) {
          compression.send = send;
          yield await Promise.resolve(zeros(size));
        }
      },
    });
    for (const [request, expected] of [
      [zeros(1), "gzip"],
      [{}, "identity"],
    ] as const) {
      const compression: CallCompression = {};
      const contextValues = createContextValues().set(callCompression, compression);
      assert.equal((await pair.client.unary(request, { contextValues })).chunks[0]!.length, 314_159);
      assert.equal(compression.received, expected);
    }
    const compression: CallCompression = {};
    const contextValues = createContextValues().set(callCompression, compression);
    const received: (Compression | undefined)[] = [];
    for await (const _ of pair.client.serverStream({}, { contextValues })) received.push(compression.received);
    assert.deepEqual(received, ["identity", "gzip"]);
    await closeEcho(pair);
  });
});
