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
async function tuning(windows: number[], limits = {}, roundTrips = [20], isLocal = false) {
  const pings = new GivenRoundTrips(roundTrips);
  const streams = { newestId: 0, all: () => windows.map((windowBytes) => ({ windowBytes })) };
  const tuned = new WindowTuning(
    { ...defaultLimits, ...limits },
    pings as unknown as Pings,
    streams as unknown as StreamTable,
    isLocal,
  );
  const growth = (windowBytes: number, sinceMs: number, now: number) =>
    tuned.change({ id: 1, windowBytes }, windowBytes / 2, sinceMs, now);
  for (let i = 0; i < 3; i++) {
    const change = growth(MiB, 1, 9);
    if (i < 2) assert.equal(change, 0, "nothing grows before the round trip is known");
    await new Promise(setImmediate);
  }
  return { growth, pings, streams };
}

describe("the window of a stream [WIRE-50]", () => {
  test("doubles when half of it was read within one and a half round trips, up to its limit", async () => {
    const { growth } = await tuning([]);
    assert.equal(growth(MiB, 100, 129), MiB);
    assert.equal(growth(12 * MiB, 100, 129), 4 * MiB);
    assert.equal(growth(16 * MiB, 100, 129), 0);
  });

  test("stays when the reader takes longer, and at the first half", async () => {
    const { growth } = await tuning([]);
    assert.equal(growth(MiB, 100, 131), 0);
    assert.equal(growth(MiB, 0, 5), 0);
  });

  for (const [where, isLocal, roundTrip] of [
    ["on one machine, whatever a round trip takes,", true, 20],
    ["where the round trip is nothing", false, 0.9],
  ] as const) {
    test(`doubles ${where} for a swift reader, up to 4 MiB and its limit`, async () => {
      const { growth, pings } = await tuning([], {}, [roundTrip], isLocal);
      assert.equal(growth(MiB, 100, 103.9), MiB);
      assert.equal(growth(3 * MiB, 100, 100.1), MiB);
      assert.equal(growth(4 * MiB, 100, 100.1), 0);
      assert.equal(growth(8 * MiB, 100, 100.1), 0);
      assert.equal(growth(MiB, 100, 104.1), 0);
      assert.equal(growth(MiB, 0, 1), 0);
      assert.equal(pings.measurements, isLocal ? 0 : 3);
      const small = await tuning([], { maxStreamWindowBytes: MiB }, [roundTrip], isLocal);
      assert.equal(small.growth(MiB, 100, 100.1), 0);
    });
  }

  test("yields while other calls are made on one machine, and comes back when they are not [WIRE-53]", async () => {
    const { growth, streams } = await tuning([], {}, [20], true);
    let window = 4 * MiB;
    for (let now = 100; now < 115; now++) {
      streams.newestId += 2;
      const change = growth(window, now - 1, now);
      assert.ok(change > -window / 2, "what was read is not all kept back");
      window += change;
    }
    assert.equal(window, 128 * 1024);
    assert.equal(growth(window, 132, 133), 0, "a call that was just made may be followed by others");
    assert.equal(growth(window, 134, 135), MiB - window);
  });

  test("does not yield to itself: a stream that was just opened is no other call", async () => {
    const { growth, streams } = await tuning([], {}, [20], true);
    streams.newestId = 1;
    assert.equal(growth(MiB, 100, 100.1), MiB);
    streams.newestId = 3;
    assert.ok(growth(MiB, 100, 100.1) < 0);
  });

  test("does not yield on a long link, nor below what it began with", async () => {
    const far = await tuning([]);
    far.streams.newestId = 9;
    assert.equal(far.growth(MiB, 100, 131), 0);
    const small = await tuning([], { streamWindowBytes: 65_535 }, [20], true);
    small.streams.newestId = 9;
    assert.equal(small.growth(65_535, 100, 101), 0);
  });

  test("takes the shortest of the round trips, and asks three times, then once a second", async () => {
    const { growth, pings } = await tuning([], {}, [50, 10, 90]);
    assert.equal(pings.measurements, 3);
    for (let now = 100; now < 2900; now += 100) growth(MiB, now - 1, now);
    await new Promise(setImmediate);
    assert.equal(pings.measurements, 5);
    assert.equal(growth(MiB, 100, 116), 0);
    assert.equal(growth(MiB, 100, 114), MiB);
  });

  test("all streams together grow by the connection's window at most", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), fc.boolean(), async (order, isLocal) => {
        const windows = Array.from({ length: 21 }, () => MiB);
        const { growth } = await tuning(windows, {}, [20], isLocal);
        for (const i of order) windows[i]! += growth(windows[i]!, 100, 101);
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
    server.accept(delayWrites(far, 10));
    const channel = createChannel(delayWrites(near, 10), windows);
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
  for (let i = 0; i < 150; i++) yield { host: large };
}
