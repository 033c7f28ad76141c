import assert from "node:assert/strict";
import { test } from "node:test";
import { type LogEntry, Level } from "@tenon/core/bind";
import type { LogLevel } from "../log/level.js";
import { LogSpool } from "./log-spool.js";

const record = (message: string, level: LogLevel = "info", fields?: Record<string, unknown>) => ({
  level,
  message,
  module: undefined,
  fields,
});

function attach(spool: LogSpool, lastTaken = 0, windowBytes = 1 << 20) {
  spool.attach({ lastTaken, windowBytes, offer: () => {} });
}

const sequences = (entries: readonly LogEntry[] | undefined) => entries?.map(({ sequence }) => Number(sequence));

test("numbers records, and keeps them until the host has them [BPL-10]", () => {
  const spool = new LogSpool(1 << 20);
  spool.take(record("before any link"));
  assert.equal(spool.next(), undefined);
  attach(spool);
  spool.take(record("after"));
  assert.deepEqual(sequences(spool.next()?.entries), [1, 2]);
  assert.equal(spool.next(), undefined);
  assert.equal(spool.oldest, 1n);
  spool.taken(1);
  assert.equal(spool.oldest, 2n);
  spool.taken(2);
  assert.equal(spool.oldest, 0n);
  assert.deepEqual(spool.counts, { taken: 2, delivered: 2, dropped: 0 });
});

test("sends again on the next link what the last one lost, and nothing twice that the host has [BPL-10]", () => {
  const spool = new LogSpool(1 << 20);
  attach(spool);
  for (let i = 1; i <= 4; i++) spool.take(record(`m${i}`));
  spool.next();
  spool.detach();
  spool.take(record("m5"));
  attach(spool, 2);
  const logs = spool.next();
  assert.deepEqual(sequences(logs?.entries), [3, 4, 5]);
  assert.deepEqual(
    logs?.entries.map(({ message }) => message),
    ["m3", "m4", "m5"],
  );
});

test("drops the oldest over the budget and counts them; what is on its way stays [BPL-11]", () => {
  const spool = new LogSpool(1000);
  attach(spool, 0, 200);
  for (let i = 1; i <= 3; i++) spool.take(record("x".repeat(36)));
  assert.deepEqual(sequences(spool.next()?.entries), [1, 2]);
  for (let i = 4; i <= 20; i++) spool.take(record("x".repeat(36)));
  assert.equal(spool.counts.dropped, 8);
  spool.taken(2);
  const logs = spool.next();
  assert.deepEqual(sequences(logs?.entries), [11, 12]);
  assert.equal(logs?.dropped, 8n);
});

test("one record larger than the window goes out alone", () => {
  const spool = new LogSpool(1 << 20);
  attach(spool, 0, 10);
  spool.take(record("long enough"));
  spool.take(record("next"));
  assert.deepEqual(sequences(spool.next()?.entries), [1]);
  assert.equal(spool.next(), undefined);
  spool.taken(1);
  assert.deepEqual(sequences(spool.next()?.entries), [2]);
});

test("takes what the host wants, at the level of the moment [BPL-10]", () => {
  const spool = new LogSpool(1 << 20);
  assert.ok(spool.wants("info") && !spool.wants("debug"));
  spool.setLevel(Level.DEBUG);
  assert.ok(spool.wants("debug") && !spool.wants("trace"));
  spool.setLevel(Level.OFF);
  assert.ok(!spool.wants("error"));
});

test("goes on behind the numbers of an earlier process of the same instance [BPL-10]", () => {
  const spool = new LogSpool(1 << 20);
  spool.take(record("a"));
  attach(spool, 500);
  spool.take(record("b"));
  assert.deepEqual(sequences(spool.next()?.entries), [501, 502]);
  assert.deepEqual(spool.counts, { taken: 2, delivered: 0, dropped: 0 });
});

test("an entry has level, message, fields, call and trace id, whatever was logged [BPL-10]", () => {
  const spool = new LogSpool(1 << 20, () => 1234.5);
  attach(spool);
  spool.take(record("hello", "warn", { key: "k", call_id: "c1", trace_id: "t1" }));
  spool.take({ level: "info", message: { odd: 1n }, module: "kv.store", fields: { big: "x".repeat(100_000) } });
  const [first, second] = spool.next()?.entries ?? [];
  assert.ok(first && second);
  assert.deepEqual(
    [first.timeMs, first.level, first.message, first.fields, first.callId, first.traceId],
    [1234.5, Level.WARN, "hello", '{"key":"k"}', "c1", "t1"],
  );
  assert.equal(second.message, '{"odd":"1"}');
  assert.ok(second.fields.length < 70_000);
  assert.equal(typeof JSON.parse(second.fields).fields, "string");
});
