import assert from "node:assert/strict";
import { collectGarbage, usedHeapBytes } from "../../leaks/memory.js";
import type { Bench, LauncherArea } from "../case.js";

const callers = 64;
/** What the heap of either side may have grown by, in bytes: caches and compiled code, but nothing for each call. */
const mostGrowthBytes = 8 * 1_048_576;

/** Very many calls. */
export const stress: LauncherArea = {
  name: "stress",
  cases: [
    {
      what: "calls one after the other: none lost, none crossed",
      patience: 20,
      async run(bench) {
        const calls = bench.long ? 1_000_000 : 10_000;
        await callInTurn(bench, 0, calls / 10);
        const before = await memory(bench);
        await callInTurn(bench, 1, calls);
        await assertFlat(bench, before, calls);
      },
    },
    {
      what: "64 callers at once: none lost, none crossed",
      needs: ["concurrency"],
      patience: 20,
      async run(bench) {
        const each = bench.long ? 100_000 : 1000;
        const all = (count: number) =>
          Promise.all(Array.from({ length: callers }, (_, caller) => callInTurn(bench, caller, count)));
        await all(each / 5);
        const before = await memory(bench);
        await all(each);
        await assertFlat(bench, before, each * callers);
      },
    },
    {
      what: "the plugin has seen each call once",
      needs: ["concurrency"],
      patience: 20,
      async run({ client, long, tag }) {
        const each = long ? 5000 : 100;
        const one = async (caller: number) => {
          for (let i = 0; i < each; i++) {
            const number = BigInt(caller * each + i);
            assert.equal((await client.unary({ tag, number })).number, number);
          }
        };
        await Promise.all(Array.from({ length: callers }, (_, caller) => one(caller)));
        const { begun, running } = await client.look({ tag });
        assert.deepEqual([begun, running], [BigInt(callers * each), 0]);
      },
    },
    {
      what: "streams in their thousands come and go, and memory stays flat",
      needs: ["streams"],
      patience: 20,
      async run(bench) {
        const rounds = bench.long ? 2000 : 40;
        const streams = async (count: number) => {
          for (let round = 0; round < count; round++) {
            await Promise.all(
              Array.from({ length: callers }, async () => {
                let seen = 0;
                for await (const _ of bench.client.serverStream({ count: 5 })) seen++;
                assert.equal(seen, 5);
              }),
            );
          }
        };
        await streams(rounds / 4);
        const before = await memory(bench);
        await streams(rounds);
        await assertFlat(bench, before, rounds * callers);
      },
    },
  ],
};

async function callInTurn({ client }: Bench, caller: number, count: number): Promise<void> {
  const base = BigInt(caller) << 32n;
  for (let i = 0; i < count; i++) {
    const number = base + BigInt(i);
    const answer = await client.unary({ number });
    if (answer.number !== number) assert.fail(`caller ${caller} asked for ${number} and got ${answer.number}`);
  }
}

interface MemoryOfBoth {
  readonly host: number;
  readonly plugin: number;
}

async function memory({ client }: Bench): Promise<MemoryOfBoth> {
  const { heapBytes } = await client.look({ collect: true });
  await collectGarbage();
  return { host: usedHeapBytes(), plugin: Number(heapBytes) };
}

async function assertFlat(bench: Bench, before: MemoryOfBoth, calls: number): Promise<void> {
  const after = await memory(bench);
  for (const side of ["host", "plugin"] as const) {
    const growth = after[side] - before[side];
    bench.say(`${side}: ${(growth / 1024).toFixed(0)} KiB more on the heap after ${calls} calls`);
    assert.ok(growth < mostGrowthBytes, `the ${side}'s heap has grown by ${growth} bytes with ${calls} calls`);
  }
}
