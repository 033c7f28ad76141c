import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@tenon/testkit";
import { usedBytes } from "../support/used-bytes.js";
import { listenWithNeighbor } from "../bind/neighbor.js";
import { useSandbox } from "../support/sandbox.js";
import { startCrowd } from "./orders.js";

useSandbox();
const isFull = process.env["EVERY_AREA"] === "1";
const count = isFull ? 10_000 : 400;
/** What a host of that size would have. */
const maxHalfOpen = isFull ? 4096 : 100;
const helloTimeoutMs = isFull ? 5000 : 1500;

describe(`${count} of those who never say Hello are bounded, and a bound neighbor does not feel them [BSC-03]`, () => {
  test("connections are closed, those above the limit at once, and the log says so", async (t) => {
    const { listener, records, assertUnaffected } = await listenWithNeighbor(t, { maxHalfOpen, helloTimeoutMs });
    const before = await usedBytes();
    const done = startCrowd(t).tell({ what: "connections", to: listener.address, count });
    await eventually(() => listener.refusedConnections > 0, { timeoutMs: 20_000 });
    const grown = (await usedBytes()) - before;
    await done;
    t.diagnostic(
      `${listener.refusedConnections} closed at once, the others in time; ${Math.round(grown / 2 ** 20)} MiB`,
    );
    assert.ok(listener.refusedConnections <= count - maxHalfOpen);
    assert.ok(grown < 64 * 2 ** 20, `memory grew by ${grown} bytes`);
    await eventually(() => records.some(({ level, message }) => level === "warn" && message.includes("maxHalfOpen")));
    await assertUnaffected();
  });

  test("Attach calls are told why", async (t) => {
    const { listener, events, assertUnaffected } = await listenWithNeighbor(t, { maxHalfOpen, helloTimeoutMs });
    const before = await usedBytes();
    const told = startCrowd(t).tell({ what: "attach", to: listener.address, count });
    await eventually(() => events.some(({ code }) => code === "host-busy"), { timeoutMs: 20_000 });
    const grown = (await usedBytes()) - before;
    const { codes = {} } = await told;
    t.diagnostic(`${JSON.stringify(codes)}; ${Math.round(grown / 2 ** 20)} MiB`);
    assert.deepEqual(Object.keys(codes).sort(), ["hello-late", "host-busy"]);
    assert.equal((codes["hello-late"] ?? 0) + (codes["host-busy"] ?? 0), count);
    assert.ok(grown < 64 * 2 ** 20, `memory grew by ${grown} bytes`);
    await assertUnaffected();
  });
});
