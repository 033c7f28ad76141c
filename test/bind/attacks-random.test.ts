import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { listenWithNeighbor } from "./neighbor.js";
import { encodeFrame, grpcMessage, helloOf } from "./raw-plugin.js";

useSandbox();
const plugins = process.env["EVERY_AREA"] === "1" ? 2000 : 100;

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof createRandom>;

const bytesOf = (random: Random, most: number) => Buffer.from(Array.from({ length: random(most) }, () => random(256)));

const hello = (random: Random) =>
  encodeFrame(helloOf({ instance: `a-${random(20)}`, epoch: BigInt(random(10_000)), multiplex: random(2) === 0 }));

/** Frames that are right by themselves, damaged ones, and bytes that are none. */
const words: readonly ((random: Random) => Buffer)[] = [
  (random) => grpcMessage(hello(random)),
  (random) => grpcMessage(encodeFrame({ case: "bytes", value: bytesOf(random, 300) })),
  (random) => grpcMessage(encodeFrame({ case: "beat", value: { id: BigInt(random(9)), busyMs: random(2 ** 31) } })),
  (random) => grpcMessage(encodeFrame({ case: "beatAnswer", value: { id: BigInt(random(9)) } })),
  () => grpcMessage(encodeFrame({ case: "logs", value: {} })),
  () => grpcMessage(encodeFrame({ case: "description", value: {} })),
  () => grpcMessage(encodeFrame({ case: "goodbye", value: {} })),
  (random) => {
    const damaged = Buffer.from(hello(random));
    damaged[random(damaged.length)] = random(256);
    return grpcMessage(damaged);
  },
  (random) => grpcMessage(bytesOf(random, 40)),
  (random) => grpcMessage(bytesOf(random, 40), random(100)),
  (random) => bytesOf(random, 20),
];

test(`${plugins} plugins that say anything in any order leave nothing behind [BFT-04]`, async (t) => {
  const { dial, listener, events, assertUnaffected } = await listenWithNeighbor(t, {
    resumeWindowMs: 200,
    session: { startTimeoutMs: 500 },
  });
  const attack = async (seed: number): Promise<void> => {
    const random = createRandom(seed);
    const plugin = dial();
    if (random(4) > 0) plugin.sendRaw(grpcMessage(hello(random)));
    for (let left = random(8); left > 0 && !plugin.stream.destroyed; left--) {
      plugin.sendRaw(words[random(words.length)]!(random));
      if (random(3) === 0) await sleep(random(30));
    }
    if (random(2) === 0) plugin.stream.end();
    else plugin.socket.resetAndDestroy();
    await plugin.refused();
  };
  for (let from = 0; from < plugins; from += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => attack(from + i)));
  }
  await eventually(() => listener.plugins().length === 1, { timeoutMs: 10_000, what: "the end of all attackers" });
  t.diagnostic(`${events.length} events`);
  assert.ok(events.some(({ kind }) => kind === "rejected") && events.some(({ kind }) => kind === "lost"));
  await assertUnaffected();
});
