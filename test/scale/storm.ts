// A host and very many plugins that dial in to it, in a process of its own: the test runner's hooks cost more than a call, and more the more there is to follow.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Session } from "@tenon/host";
import { admitAnyone, type BindEventKind } from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { usedBytes } from "../support/used-bytes.js";
import { startCrowd } from "./orders.js";

const count = Number(process.argv[2]);
const isFull = count >= 1000;
const idleMs = isFull ? 10_000 : 1000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ends: (() => unknown)[] = [];
const atEnd = { after: (end: () => unknown) => void ends.unshift(end) };
try {
  await measure();
} finally {
  for (const end of ends) await end();
}

async function measure(): Promise<void> {
  const events: BindEventKind[] = [];
  const host = createHost();
  atEnd.after(() => host.stop());
  const listener = await host.listen({
    admit: admitAnyone(),
    contracts: [kv],
    onEvent: ({ kind }) => events.push(kind),
  });
  // The plugin whose calls are timed is in a process of its own, as plugins are.
  const [lone, crowd] = [startCrowd(atEnd), startCrowd(atEnd)];
  const clientOf = (number: number) => {
    const session = listener.session(`crowd/c-${number}`, kv);
    assert.ok(session, `there is no session of plugin ${number}`);
    return session.client("kv");
  };
  const isReady = (wanted: number) => listener.plugins().filter(({ state }) => state === "ready").length === wanted;
  const bind = async (first: number, more: number) => {
    const done = (first === 0 ? lone : crowd).tell({ what: "plugins", to: listener.address, first, count: more });
    await eventually(() => isReady(first + more), { timeoutMs: 120_000, what: `${first + more} plugins` });
    await done;
  };

  await bind(0, 1);
  const alone = await medianOfCalls(clientOf(0));
  const before = { used: await usedBytes(), rss: process.memoryUsage().rss };

  const startedAt = performance.now();
  await bind(1, count - 1);
  say(`${count} plugins are bound after ${Math.round(performance.now() - startedAt)} ms`);
  assert.deepEqual([...lone.events, ...crowd.events], []);
  assert.deepEqual(
    events.filter((kind) => kind !== "mounted" && kind !== "ready"),
    [],
  );
  for (let i = 0; i < count; i++) {
    const { value } = await clientOf(i).get({ key: "who" });
    assert.equal(Buffer.from(value).toString(), String(i));
  }

  const busy = process.cpuUsage();
  await sleep(idleMs);
  const { user, system } = process.cpuUsage(busy);
  say(`idle CPU: ${((user + system) / 10 / idleMs).toFixed(1)} % of a core`);
  const perPlugin = ((await usedBytes()) - before.used) / (count - 1);
  const rssPerPlugin = (process.memoryUsage().rss - before.rss) / (count - 1);
  say(`memory of each: ${Math.round(perPlugin / 1024)} KiB, ${Math.round(rssPerPlugin / 1024)} KiB RSS`);
  assert.ok(perPlugin < 300 * 1024, `${Math.round(perPlugin)} bytes for each plugin`);

  const among = await medianOfCalls(clientOf(0));
  say(`a call: ${alone.toFixed(4)} ms alone, ${among.toFixed(4)} ms among ${count}`);
}

/**
 * Milliseconds of a call, sixteen at a time: the median of many, the best of eight times. With one at a time the time is that of waking up, which
 * differs by a factor of four with the core that the kernel chooses.
 */
async function medianOfCalls(client: ReturnType<Session<typeof kv.versions>["client"]>): Promise<number> {
  const medians: number[] = [];
  for (let i = 0; i < 8; i++) medians.push(await oneMedian(client));
  return Math.min(...medians);
}

async function oneMedian(client: ReturnType<Session<typeof kv.versions>["client"]>): Promise<number> {
  const times: number[] = [];
  const callAgain = async (): Promise<void> => {
    for (let i = 0; i < (isFull ? 1000 : 50); i++) {
      const startedAt = performance.now();
      await client.get({ key: "k" });
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: 16 }, callAgain));
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
