import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { pattern } from "../../streams/compliance/rig.js";
import { sameBytes } from "../bytes.js";
import { drain, type LauncherArea } from "../case.js";

/** Calls that succeed. */
export const base: LauncherArea = {
  name: "base",
  cases: [
    {
      what: "unary calls, with no byte, one, and some thousand",
      async run({ client }) {
        for (const bytes of [0, 1, 5, 1000, 16_384, 70_000]) {
          const data = pattern(bytes);
          const piece = await client.unary({ number: BigInt(bytes), data });
          assert.equal(piece.number, BigInt(bytes));
          sameBytes(piece.data, data);
        }
      },
    },
    {
      what: "all four kinds of calls on one instance",
      needs: ["streams"],
      async run({ client }) {
        const tasks = async function* () {
          for (let i = 0; i < 20; i++) yield { number: BigInt(i) };
        };
        assert.equal((await client.unary({ number: 7n })).number, 7n);
        assert.equal(await drain(client.serverStream({ count: 20 })), 20);
        assert.equal((await client.clientStream(tasks())).number, 20n);
        let expected = 0n;
        for await (const { number } of client.bidi(tasks())) assert.equal(number, expected++);
        assert.equal(expected, 20n);
      },
    },
    {
      what: "the version that was agreed on is the one that the plugin serves",
      needs: ["versions"],
      async run({ client, session }) {
        assert.equal((await client.look({})).version, session.version);
      },
    },
    {
      what: "handlers run at the same time, and each caller gets its own answer, in whatever order they come",
      needs: ["concurrency"],
      async run({ client, tag }) {
        const calls = Array.from({ length: 100 }, async (_, i) => {
          const data = pattern(i * 7, i + 1);
          const piece = await client.unary({ tag, number: BigInt(i), data, delayMs: (i * 37) % 50 });
          assert.equal(piece.number, BigInt(i));
          sameBytes(piece.data, data);
        });
        await Promise.all(calls);
        const { most, begun, running } = await client.look({ tag });
        assert.ok(most > 1, "no two handlers ran at the same time");
        assert.deepEqual([begun, running], [100n, 0]);
      },
    },
    {
      what: "headers of a call arrive, and its own headers and trailers come back, text and binary",
      needs: ["headers"],
      async run({ client }) {
        let header = new Headers();
        let trailer = new Headers();
        await client.unary(
          {},
          {
            headers: { "x-specimen": "there and back", "x-specimen-bin": "AAEC/w" },
            onHeader: (headers) => void (header = headers),
            onTrailer: (trailers) => void (trailer = trailers),
          },
        );
        assert.equal(header.get("x-specimen"), "there and back");
        assert.equal(trailer.get("x-specimen-trailer"), "there and back");
        const binary = [header.get("x-specimen-bin"), trailer.get("x-specimen-trailer-bin")];
        for (const value of binary) assert.equal(Buffer.from(value ?? "", "base64").toString("hex"), "000102ff");
      },
    },
    {
      what: "a caller's AsyncLocalStorage is its own after the call",
      async run({ client }) {
        const storage = new AsyncLocalStorage<number>();
        const call = (i: number) =>
          storage.run(i, async () => {
            await client.unary({ delayMs: i % 3 });
            assert.equal(storage.getStore(), i);
          });
        await Promise.all(Array.from({ length: 20 }, (_, i) => call(i)));
      },
    },
    {
      what: "many instances at once, each of which counts for itself",
      needs: ["own-state"],
      async run({ client, open, tag }) {
        const others = await Promise.all([open(), open(), open()]);
        await Promise.all(others.map((other) => other.client.unary({ tag })));
        const counts = await Promise.all(others.map((other) => other.client.look({ tag })));
        assert.deepEqual(
          counts.map(({ begun }) => begun),
          [1n, 1n, 1n],
        );
        assert.equal((await client.look({ tag })).begun, 0n);
      },
    },
  ],
};
