import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLevel } from "./level.js";
import { createLogger } from "./logger.js";
import { tapLogger, type TappedRecord } from "./tap.js";

function listen(level: LogLevel) {
  const lines: string[] = [];
  const taken: TappedRecord[] = [];
  const logger = createLogger({ name: "kv", level: "warn", fields: { own: 1 }, write: (line) => lines.push(line) });
  const stop = tapLogger(logger, { wants: (each) => each === level, take: (record) => taken.push(record) });
  return { logger, lines, taken, stop };
}

test("a tap takes what it wants, whatever the logger itself writes, of its children too [BPL-10]", () => {
  const { logger, lines, taken, stop } = listen("debug");
  assert.ok(logger.isEnabled("debug") && !logger.isEnabled("info"));
  logger.child({ name: "part", fields: { more: 2 } }).debug("quiet", { n: 3 });
  logger.warn("loud");
  assert.deepEqual(taken, [{ level: "debug", message: "quiet", module: "kv.part", fields: { own: 1, more: 2, n: 3 } }]);
  assert.equal(lines.length, 1);
  stop?.();
  logger.debug("nobody listens");
  assert.equal(taken.length, 1);
  assert.ok(!logger.isEnabled("debug"));
});

test("a logger of another kind has no taps", () => {
  assert.equal(tapLogger({ info() {} }, { wants: () => true, take() {} }), undefined);
});
