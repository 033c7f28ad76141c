import assert from "node:assert/strict";
import { type CallOptions, Code, createContextValues } from "@connectrpc/connect";
import { type CallCompression, callCompression, type Compression } from "@tenon/wire";
import { failsWith, type InteropCase, sizeOf } from "./cases.js";
import { payload } from "./payloads.js";

const large = { payload: payload(271828), responseSize: 314159 };
const encoding = (compressed: boolean): Compression => (compressed ? "gzip" : "identity");

/** Options of a call whose compression can be changed and looked at from message to message. */
function compressible(): { options: CallOptions; compression: CallCompression } {
  const compression: CallCompression = {};
  return { options: { contextValues: createContextValues().set(callCompression, compression) }, compression };
}

/**
 * The cases of gRPC's interop test descriptions that are about compression, made with our client. A server that
 * compresses all answers of a call or none has no mixed ones.
 */
export function compressionCases({ mixedAnswers }: { mixedAnswers: boolean }): Readonly<Record<string, InteropCase>> {
  return {
    client_compressed_unary: async ({ test }) => {
      await failsWith(Code.InvalidArgument, test.unaryCall({ ...large, expectCompressed: { value: true } }));
      for (const value of [true, false]) {
        const { options, compression } = compressible();
        compression.send = encoding(value);
        assert.equal(sizeOf(await test.unaryCall({ ...large, expectCompressed: { value } }, options)), 314159);
      }
    },

    server_compressed_unary: async ({ test }) => {
      for (const value of [true, false]) {
        const { options, compression } = compressible();
        assert.equal(sizeOf(await test.unaryCall({ ...large, responseCompressed: { value } }, options)), 314159);
        assert.equal(compression.received, encoding(value));
      }
    },

    client_compressed_streaming: async ({ test }) => {
      const probe = async function* () {
        yield { payload: payload(27182), expectCompressed: { value: true } };
      };
      await failsWith(Code.InvalidArgument, test.streamingInputCall(probe()));
      const { options, compression } = compressible();
      const requests = async function* () {
        compression.send = "gzip";
        yield { payload: payload(27182), expectCompressed: { value: true } };
        compression.send = "identity";
        yield { payload: payload(45904), expectCompressed: { value: false } };
      };
      const { aggregatedPayloadSize } = await test.streamingInputCall(requests(), options);
      assert.equal(aggregatedPayloadSize, 73086);
    },

    server_compressed_streaming: async ({ test }) => {
      const { options, compression } = compressible();
      const wanted = [
        { size: 31415, compressed: { value: true } },
        { size: 92653, compressed: { value: !mixedAnswers } },
      ];
      const came: typeof wanted = [];
      for await (const answer of test.streamingOutputCall({ responseParameters: wanted }, options)) {
        came.push({ size: sizeOf(answer), compressed: { value: compression.received === "gzip" } });
      }
      assert.deepEqual(came, wanted);
    },
  };
}
