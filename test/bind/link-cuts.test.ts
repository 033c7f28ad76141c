import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type BindEvent, createHost } from "@tenon/host";
import { admitAnyone, type ListenOptions } from "@tenon/host/bind";
import { createLogger } from "@tenon/plugin";
import { bindPlugin, type BindOptions } from "@tenon/plugin/bind";
import { assertNoLeaks, eventually, type FaultProxy, openFaultProxy, snapshotResources } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire/tls";
import { useSandbox } from "../support/sandbox.js";
import { counted, createCountedPlugin } from "./counted.js";
import { usedBytes } from "../support/used-bytes.js";
import { figuresOf } from "./figures.js";
import { clientOf, startLoad } from "./load.js";

const sandbox = useSandbox();
const isFull = process.env["EVERY_AREA"] === "1";
const callers = isFull ? 64 : 16;
const deadlineMs = 1500;
const heartbeatMs = 250;
/** Allowed growth of what the garbage collector leaves. */
const maxGrowthBytes = 12 * 2 ** 20;

const conditions = [
  {},
  { delayMs: 15 },
  { sliceBytes: 1 },
  { bytesPerSecond: 400_000 },
  { delayMs: 5, sliceBytes: 7, bytesPerSecond: 600_000 },
];

/** The ways to cut; those with bytes hit frames in their middle. */
const ways: readonly [...Parameters<FaultProxy["cut"]>][] = [
  ["reset"],
  ["half-open"],
  ["reset", { afterBytes: 21 }],
  ["end"],
  ["reset", { afterBytes: 300 }],
  ["half-open", { afterBytes: 13 }],
  ["end", { afterBytes: 77 }],
];

interface Network {
  readonly cuts: number;
  readonly listen?: Partial<ListenOptions>;
  readonly proxyAddress?: string;
  readonly dial?: (address: string) => Omit<BindOptions, "logger">;
}

const { certPem, keyPem } = createCertificate();

const networks: Readonly<Record<string, Network>> = {
  TCP: { cuts: isFull ? 100 : 10 },
  "a unix socket": {
    cuts: isFull ? 100 : ways.length,
    listen: { address: `unix:${join(sandbox.directory, "host")}` },
    proxyAddress: `unix:${join(sandbox.directory, "proxy")}`,
  },
  TLS: {
    cuts: isFull ? 100 : ways.length,
    listen: { tls: { cert: certPem, key: keyPem } },
    dial: (address) => ({ to: address.replace("127.0.0.1", "localhost"), tls: { ca: certPem } }),
  },
};

async function setUp(t: TestContext, { listen, proxyAddress, dial = (to) => ({ to }) }: Network) {
  const host = createHost();
  const events: Pick<BindEvent, "kind" | "id">[] = [];
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [counted],
    heartbeatMs,
    // Longer than usual: on a link of single bytes a heartbeat waits behind a second of calls.
    deadAfterMs: heartbeatMs * 4,
    log: () => {},
    // Not the event itself: it would keep its session.
    onEvent: ({ kind, id }) => events.push({ kind, id }),
    ...listen,
  });
  const proxy = await openFaultProxy({ target: listener.address, ...(proxyAddress && { address: proxyAddress }) });
  const service = createCountedPlugin();
  const logger = createLogger({ name: "counted", write: () => {} });
  const bound = await bindPlugin(service.plugin, {
    ...dial(proxy.address),
    logger,
    minBackoffMs: 20,
    maxBackoffMs: 200,
  });
  const end = async () => {
    bound.destroy();
    await proxy.close();
    await host.stop();
  };
  t.after(end);
  return { listener, proxy, bound, events, end, ...service };
}

describe(`a link under the load of ${callers} callers [BFT-01]`, () => {
  for (const [name, network] of Object.entries(networks)) {
    const { cuts } = network;
    test(`is cut ${cuts} times, over ${name}`, async (t) => {
      const before = snapshotResources({ temporaryDirectories: [sandbox.directory] });
      const { listener, proxy, events, twice, runs, end } = await setUp(t, network);
      const ready = () => events.filter(({ kind }) => kind === "ready").length;
      const load = startLoad(() => clientOf(listener.session("counted")), { callers, deadlineMs });
      const backMs: number[] = [];
      let heapBytes = 0;
      for (let i = 0; i < cuts; i++) {
        await eventually(() => ready() === i + 1, { timeoutMs: 20_000, what: `link ${i + 1}` });
        // Answered or not: a link of single bytes is too slow for many callers.
        const { ended } = load.report();
        await eventually(() => load.report().ended >= ended + callers, { timeoutMs: 20_000, what: "the end of calls" });
        if (i === Math.floor(cuts / 4)) heapBytes = await usedBytes();
        await sleep(50 * (i % 3));
        proxy.shape(conditions[(i + 1) % conditions.length]!);
        const cutAt = performance.now();
        assert.equal(proxy.cut(...ways[i % ways.length]!), 1);
        await eventually(() => ready() === i + 2, { timeoutMs: 20_000, intervalMs: 2, what: `the return after ${i}` });
        backMs.push(performance.now() - cutAt);
      }
      const report = await load.stop();
      t.diagnostic(
        `${cuts} cuts: ${runs.size} calls began, ${report.answered} answered, ${JSON.stringify(report.failed)}`,
      );
      t.diagnostic(`back after ${figuresOf(backMs)}; latest ${Math.round(report.latestMs)} ms after its deadline`);
      assert.ok(report.answered > cuts);
      assert.deepEqual(report.wrong, []);
      assert.deepEqual(twice(), []);
      assert.ok(report.latestMs < 1000, `a call outlasted its deadline by ${report.latestMs} ms`);
      assert.equal(listener.plugins().length, 1);
      assert.equal(new Set(events.map(({ id }) => id)).size, 1, "the instance is the same");
      await end();
      await assertNoLeaks(before, { graceMs: 5000 });
      const growthBytes = (await usedBytes()) - heapBytes;
      t.diagnostic(`memory grew by ${Math.round(growthBytes / 1024)} KiB from the first quarter to the end of all`);
      assert.ok(growthBytes < maxGrowthBytes, `memory grew by ${growthBytes} bytes`);
    });
  }
});
