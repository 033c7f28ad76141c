import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createDuplexPair, delayWrites } from "@tenon/testkit";
import * as fc from "fast-check";
import { createChannel } from "../client/channel.js";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { createServer } from "../server/server.js";
import { defaultLimits } from "./limits.js";
import type { Pings } from "./pings.js";
import type { StreamTable } from "./stream-table.js";
import { WindowTuning } from "./window-tuning.js";

const MiB = 1024 * 1024;

/** What a connection has measured: round trips given one after the other, the last one again and again. */
class GivenRoundTrips implements Pick<Pings, "ping" | "shortestMs" | "measurements"> {
  readonly #roundTrips: number[];
  shortestMs: number | undefined;
  measurements = 0;

  constructor(roundTrips: number[]) {
    this.#roundTrips = roundTrips;
  }

  async ping(): Promise<number> {
    const ms = this.#roundTrips[Math.min(this.measurements++, this.#roundTrips.length - 1)]!;
    this.shortestMs = Math.min(ms, this.shortestMs ?? ms);
    return await Promise.resolve(ms);
  }
}

/** Tuning for streams with these windows, once it has measured three times. */
async function tuning(windows: number[], limits = {}, roundTrips = [20]) {
  const pings = new GivenRoundTrips(roundTrips);
  const tuned = new WindowTuning(
    { ...defaultLimits, ...limits },
    pings as unknown as Pings,
    { all: () => windows.map((windowBytes) => ({ windowBytes })) } as unknown as StreamTable,
  );
  for (let i = 0; i < 3; i++) {
    if (i < 2) assert.equal(tuned.growth(MiB, 1, 2), 0, "nothing grows before the round trip is known");
    else tuned.growth(MiB, 1, 2);
    await new Promise(setImmediate);
  }
  return { tuned, pings };
}

describe("the window of a stream [WIRE-50]", () => {
  test("doubles when half of it was read within a round trip, up to its limit", async () => {
    const { tuned } = await tuning([]);
    assert.equal(tuned.growth(MiB, 100, 119), MiB);
    assert.equal(tuned.growth(12 * MiB, 100, 119), 4 * MiB);
    assert.equal(tuned.growth(16 * MiB, 100, 119), 0);
  });

  test("stays when the reader takes longer, at the first half, and where the round trip is nothing", async () => {
    const { tuned } = await tuning([]);
    assert.equal(tuned.growth(MiB, 100, 121), 0);
    assert.equal(tuned.growth(MiB, 0, 5), 0);
    const near = await tuning([], {}, [0.4]);
    assert.equal(near.tuned.growth(MiB, 100, 100.1), 0);
  });

  test("takes the shortest of the round trips, and asks three times, then once a second", async () => {
    const { tuned, pings } = await tuning([], {}, [50, 10, 90]);
    assert.equal(pings.measurements, 3);
    for (let now = 100; now < 2900; now += 100) tuned.growth(MiB, now - 1, now);
    await new Promise(setImmediate);
    assert.equal(pings.measurements, 5);
    assert.equal(tuned.growth(MiB, 100, 115), 0);
    assert.equal(tuned.growth(MiB, 100, 109), MiB);
  });

  test("all streams together grow by the connection's window at most", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), async (order) => {
        const windows = Array.from({ length: 21 }, () => MiB);
        const { tuned } = await tuning(windows);
        for (const i of order) windows[i]! += tuned.growth(windows[i]!, 100, 101);
        const grown = windows.reduce((sum, each) => sum + each - MiB, 0);
        assert.ok(grown <= defaultLimits.connectionWindowBytes);
        assert.ok(windows.every((each) => each <= defaultLimits.maxStreamWindowBytes));
      }),
    );
  });
});

test("a stream on a long link stops for its window far less often when that may grow [WIRE-50]", async () => {
  const stalls: number[] = [];
  for (const maxStreamWindowBytes of [65_535, 16 * MiB]) {
    const [near, far] = createDuplexPair({ highWaterMarkBytes: MiB });
    const windows = { streamWindowBytes: 65_535, maxStreamWindowBytes };
    const server = createServer(windows).add(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const { host } of requests) assert.equal(host.length, large.length);
        yield {};
      },
    });
    server.accept(delayWrites(far, 2));
    const channel = createChannel(delayWrites(near, 2), windows);
    const client = createClient(ServerReflection, channel.transport);
    for await (const _ of client.serverReflectionInfo(requests()));
    stalls.push(channel.stats().stalls);
    channel.destroy();
    server.destroy();
  }
  const [fixed, tuned] = stalls as [number, number];
  assert.ok(tuned < fixed / 2, `${tuned} stalls with tuning, ${fixed} without`);
});

const large = "x".repeat(16_384);

async function* requests() {
  for (let i = 0; i < 400; i++) yield { host: large };
}
