import assert from "node:assert/strict";
import { createContextValues } from "@connectrpc/connect";
import { type CallCompression, callCompression } from "@tenon/wire";
import type { EchoClient } from "./echo-ends.js";

/** Options of a call whose requests go out compressed and which asks for compressed answers. */
function gzipped() {
  const compression: CallCompression = { send: "gzip" };
  const contextValues = createContextValues().set(callCompression, compression);
  return { compression, options: { contextValues, headers: { "x-gzip": "1" } } };
}

/** What our client expects of an Echo service that knows gzip. */
export const gzipChecks: Readonly<Record<string, (echo: EchoClient) => Promise<void>>> = {
  "gzip both ways, unary, small and large [WIRE-40]": async (echo) => {
    for (const size of [5000, 1 << 20]) {
      const payload = Buffer.alloc(size, 7);
      const { compression, options } = gzipped();
      const { chunks } = await echo.client.unary({ chunks: [payload] }, options);
      assert.ok(payload.equals(chunks[0]!));
      assert.equal(compression.received, "gzip");
    }
  },

  "gzip both ways, message by message of a stream [WIRE-40]": async (echo) => {
    const { compression, options } = gzipped();
    async function* requests(): AsyncGenerator<{ chunks: Uint8Array[] }> {
      for (let i = 0; i < 20; i++) yield { chunks: [Buffer.alloc(i % 2 === 0 ? 100_000 : 2000, i)] };
    }
    const seen: (number | undefined)[] = [];
    for await (const { chunks } of echo.client.bidi(requests(), options)) {
      seen.push(chunks[0]![0]);
      assert.equal(compression.received, "gzip");
    }
    assert.deepEqual(seen, [...Array(20).keys()]);
  },
};
