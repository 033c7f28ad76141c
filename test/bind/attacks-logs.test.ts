import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Level, LogsSchema } from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { useSandbox } from "../support/sandbox.js";
import { listenWithNeighbor } from "./neighbor.js";
import { helloOf } from "./raw-plugin.js";

useSandbox();

const most = 2n ** 64n - 1n;
const text = "a log line of some length ".repeat(40);

/** Each of them is a lie, or nonsense. */
const lies: readonly MessageInitShape<typeof LogsSchema>[] = [
  { entries: [{ sequence: 0n, message: text }], dropped: most },
  { entries: [5n, 4n, 3n, 3n].map((sequence) => ({ sequence, message: text })), dropped: 0n },
  { entries: [{ sequence: 9n, level: 99 as Level, timeMs: Number.NaN, message: text, fields: "{" }] },
  { entries: [{ sequence: 10n, timeMs: Number.POSITIVE_INFINITY, message: "", fields: "[1]" }] },
  { entries: [{ sequence: 11n, timeMs: -1e300, fields: '{"__proto__":{"level":"error"},"constructor":1}' }] },
  { entries: [{ sequence: 12n, level: -5 as Level, message: "\u001b[2J", callId: text, traceId: text }] },
  { entries: [] },
];

test("a flood of log records full of lies is taken, skipped or counted, and no other plugin feels it [BFT-09]", async (t) => {
  const { dial, listener, records, assertUnaffected } = await listenWithNeighbor(t);
  const plugin = dial();
  plugin.send(helloOf());
  await plugin.got("welcome");
  const say = (logs: MessageInitShape<typeof LogsSchema>) =>
    plugin.send({ case: "logs", value: create(LogsSchema, logs) });
  for (const each of lies) say(each);
  const ofPlugin = () => records.filter(({ source }) => source === "bind");
  await eventually(() => ofPlugin().length >= 5);
  for (const { plugin: name, time, level, fields } of ofPlugin()) {
    assert.deepEqual([name, level], ["attacker", "info"]);
    assert.ok(!Number.isNaN(time.getTime()));
    assert.equal(Object.getPrototypeOf(fields), Object.prototype);
  }

  const before = process.memoryUsage();
  const [endsAt, batch] = [performance.now() + 1000, 100];
  let [sent, mostBytes] = [100n, 0];
  const { records: kept } = listener.plugins().find(({ plugin: name }) => name === "attacker")!.logs;
  while (performance.now() < endsAt) {
    const entries = Array.from({ length: batch }, () => ({ sequence: sent++, message: text }));
    say({ entries });
    // As fast as the host takes them, and no faster: what waits here would be this process' memory.
    while (plugin.stream.writableLength > 1 << 20 && performance.now() < endsAt + 5000) await sleep(1);
    records.length = 0;
    const { heapUsed, external } = process.memoryUsage();
    mostBytes = Math.max(mostBytes, heapUsed + external - before.heapUsed - before.external);
  }
  await assertUnaffected();
  say({ entries: [{ sequence: most, message: "the last of all" }], dropped: most });
  const counts = () => listener.plugins().find(({ plugin: name }) => name === "attacker")!.logs;
  await eventually(() => counts().missing > 1e18);
  t.diagnostic(
    `${sent - 100n} records in a second, memory grew by ${mostBytes >> 20} MiB at most; ${JSON.stringify(counts())}`,
  );
  assert.ok(counts().records > kept);
  assert.ok(mostBytes < 256 * 2 ** 20);
  await assertUnaffected();
});
