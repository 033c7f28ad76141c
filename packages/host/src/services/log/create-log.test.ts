import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { isTenonError } from "@tenon/core";
import { Log, LogEntry_Level, type LogEntrySchema } from "@tenon/core/host-services";
import type { LogRecord } from "../../logs/record.js";
import { clientOf, kv } from "../client.testing.js";
import { createLog, type LogOptions } from "./create-log.js";
import { RateLimit } from "./rate-limit.js";

type Entry = MessageInitShape<typeof LogEntrySchema>;

function open(t: Parameters<typeof clientOf>[0], options: Partial<LogOptions> = {}) {
  const records: LogRecord[] = [];
  const log = createLog({ sink: (record) => void records.push(record), ...options });
  const client = clientOf(t, Log, log.for(kv), [
    (next) => (request) => {
      request.header.set("tenon-call-id", "call-7");
      return next(request);
    },
  ]);
  return { records, log, write: (...entries: Entry[]) => client.write({ entries }) };
}

test("makes a record of the host from each entry [SVC-13]", async (t) => {
  const { records, write } = open(t);
  const { dropped, level } = await write(
    {
      time: { seconds: 1_700_000_000n, nanos: 250_000_000 },
      level: LogEntry_Level.WARN,
      message: "slow",
      fieldsJson: '{"ms":12,"__proto__":{"x":1}}',
      callId: "call-1",
      module: "db",
    },
    { message: "plain" },
  );
  assert.deepEqual([dropped, level], [0, LogEntry_Level.TRACE]);
  const [first, second] = records;
  const who = { plugin: "kv", instance: "kv-1", source: "service" };
  assert.deepEqual(first, {
    time: new Date(1_700_000_000_250),
    level: "warn",
    message: "slow",
    fields: { ms: 12, _proto_: { x: 1 } },
    callId: "call-1",
    module: "db",
    ...who,
  });
  assert.ok(Math.abs(second!.time.getTime() - Date.now()) < 60_000);
  assert.deepEqual(
    { ...second, time: 0 },
    { time: 0, level: "info", message: "plain", fields: {}, callId: "call-7", ...who },
  );
});

test("an entry of any shape is kept, and a sink that throws hurts nobody [SVC-13]", async (t) => {
  const { records, write } = open(t);
  const shapes = ["[1]", "3", "{", '{"a":1}x', "null", '"text"'];
  await write(
    ...shapes.map((fieldsJson) => ({ fieldsJson, level: 99 as LogEntry_Level, time: { seconds: 1n << 60n } })),
  );
  assert.deepEqual(
    records.map(({ level, fields, time }) => [level, fields, Number.isNaN(time.getTime())]),
    shapes.map((fields_json) => ["info", { fields_json }, false]),
  );
  const broken = open(t, {
    sink: () => {
      throw new Error("full");
    },
  });
  assert.equal((await broken.write({ message: "x" })).dropped, 0);
  assert.deepEqual(broken.log.counts("kv"), { records: 1, filtered: 0, dropped: 0, cut: 0, sinkErrors: 1 });
});

test("leaves out what is below the level, and tells the plugin which that is [SVC-13]", async (t) => {
  const { records, log, write } = open(t, { level: "info" });
  const all = [1, 2, 3, 4, 5].map((level) => ({ level: level as LogEntry_Level }));
  assert.equal((await write(...all)).level, LogEntry_Level.INFO);
  log.setLevel("error", "kv");
  assert.equal((await write(...all)).level, LogEntry_Level.ERROR);
  log.setLevel("trace");
  await write(...all);
  assert.deepEqual(
    records.map(({ level }) => level),
    ["info", "warn", "error", "error", "error"],
  );
  assert.deepEqual(log.counts("kv"), { records: 5, filtered: 10, dropped: 0, cut: 0, sinkErrors: 0 });
});

test("counts what its limits keep out, and says so in the log [SVC-14]", async (t) => {
  const { records, log, write } = open(t, { maxRecordsPerSecond: 5, maxEntries: 7 });
  const entries = Array.from({ length: 10 }, (_, at) => ({ message: `m${at}` }));
  assert.equal((await write(...entries)).dropped, 5);
  const taken = ["m0", "m1", "m2", "m3", "m4"];
  assert.deepEqual(
    records.filter(({ source }) => source === "service").map(({ message }) => message),
    taken,
  );
  const notes = records.filter(({ source }) => source === "host");
  assert.deepEqual(
    notes.map(({ level, message }) => [level, /maxRecordsPerSecond/.test(message)]),
    [["warn", true]],
  );
  const { records: passed, dropped } = log.counts("kv");
  assert.deepEqual([passed, dropped], [5, 5]);
  while ((await write({ message: "later" })).dropped > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const note = records.find(({ fields }) => "dropped" in fields);
  assert.equal(note?.fields["dropped"], log.counts("kv").dropped);
  assert.equal(records.at(-1)?.message, "later");
});

test("cuts what is too long, between characters, and says how long it was [SVC-14]", async (t) => {
  const { records, log, write } = open(t, { maxMessageBytes: 16, maxFieldsBytes: 20 });
  await write(
    { message: "x".repeat(16), fieldsJson: '{"a":"1234567890ab"}' },
    { message: "é".repeat(9), fieldsJson: '{"a":1}' },
    { message: "123456789012345😀", fieldsJson: '{"a":"1234567890abc"}' },
  );
  assert.deepEqual(
    records.map(({ message, fields }) => [message, fields]),
    [
      ["x".repeat(16), { a: "1234567890ab" }],
      ["é".repeat(8), { a: 1, messageBytes: 18 }],
      ["123456789012345", { fieldsBytes: 21, messageBytes: 19 }],
    ],
  );
  assert.equal(log.counts("kv").cut, 2);
});

test("a rate lets one second's worth through at once, and as much again after each second", () => {
  let now = 0;
  const rate = new RateLimit(10, () => now);
  const taken = (): number => {
    let count = 0;
    while (rate.take()) count++;
    return count;
  };
  assert.equal(taken(), 10);
  now += 500;
  assert.equal(taken(), 5);
  now += 10_000;
  assert.equal(taken(), 10);
});

test("refuses options that it cannot have", () => {
  for (const options of [
    undefined,
    {},
    { sink: 1 },
    { sink: () => {}, level: "loud" },
    { sink: () => {}, maxEntries: 0 },
  ]) {
    assert.throws(
      () => createLog(options as never),
      (error) => isTenonError(error, "option-invalid"),
    );
  }
});
