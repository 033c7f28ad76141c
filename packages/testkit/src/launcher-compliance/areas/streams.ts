import assert from "node:assert/strict";
import { pattern } from "../../streams/compliance/rig.js";
import { sameBytes } from "../bytes.js";
import { drain, type LauncherArea } from "../case.js";

async function* tasks(count: number, bytes: number) {
  for (let i = 0; i < count; i++) yield { number: BigInt(i), data: pattern(bytes, i + 1) };
}

/** Streams of requests and answers. */
export const streams: LauncherArea = {
  name: "streams",
  cases: [
    {
      what: "the three kinds of streams, one after the other and at once",
      needs: ["streams"],
      async run({ client }) {
        const server = async () => {
          let expected = 0n;
          for await (const { number } of client.serverStream({ count: 50 })) assert.equal(number, expected++);
          assert.equal(expected, 50n);
        };
        const bidi = async () => {
          let count = 0;
          for await (const { data } of client.bidi(tasks(50, 300))) sameBytes(data, pattern(300, ++count));
          assert.equal(count, 50);
        };
        const up = async () => assert.equal((await client.clientStream(tasks(50, 300))).number, 50n);
        await server();
        await up();
        await bidi();
        await Promise.all([server(), up(), bidi(), server(), up(), bidi()]);
      },
    },
    {
      what: "streams without a message",
      needs: ["streams"],
      async run({ client }) {
        assert.equal(await drain(client.serverStream({ count: 0 })), 0);
        assert.equal((await client.clientStream(tasks(0, 0))).number, 0n);
        assert.equal(await drain(client.bidi(tasks(0, 0))), 0);
      },
    },
    {
      what: "an exchange in which each side waits for the other",
      needs: ["streams"],
      async run({ client }) {
        const answered = Array.from({ length: 10 }, () => createDeferred());
        async function* ask() {
          for (const [i, { promise }] of answered.entries()) {
            yield { number: BigInt(i) };
            await promise;
          }
        }
        let expected = 0n;
        for await (const { number } of client.bidi(ask())) {
          assert.equal(number, expected++);
          answered[Number(number)]!.resolve();
        }
        assert.equal(expected, 10n);
      },
    },
    {
      what: "messages of 1 MiB, both ways",
      needs: ["streams"],
      async run({ client }) {
        const bytes = 1_048_576;
        let count = 0;
        for await (const { data } of client.bidi(tasks(3, bytes))) sameBytes(data, pattern(bytes, ++count));
        assert.equal(count, 3);
        assert.equal((await client.clientStream(tasks(3, bytes))).number, 3n);
      },
    },
    {
      what: "a hundred streams at once, each with its own messages",
      needs: ["streams"],
      async run({ client }) {
        const one = async (i: number) => {
          const data = pattern(100, i + 1);
          const count = 1 + (i % 20);
          let seen = 0;
          for await (const piece of client.serverStream({ count, data })) {
            sameBytes(piece.data, data);
            seen++;
          }
          assert.equal(seen, count);
        };
        await Promise.all(Array.from({ length: 100 }, (_, i) => one(i)));
      },
    },
    {
      what: "a long stream of small messages comes whole and in order",
      needs: ["streams"],
      async run({ client, long }) {
        const count = long ? 1_000_000 : 20_000;
        let expected = 0n;
        for await (const { number } of client.serverStream({ count })) {
          if (number !== expected++) assert.fail(`${number} came where ${expected - 1n} was expected`);
        }
        assert.equal(expected, BigInt(count));
      },
    },
  ],
};

function createDeferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
