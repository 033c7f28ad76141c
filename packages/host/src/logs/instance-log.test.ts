import assert from "node:assert/strict";
import { test } from "node:test";
import { createInstanceLog, type InstanceLogOptions } from "./instance-log.js";
import type { LogRecord } from "./record.js";

function createLog(overrides: Partial<InstanceLogOptions> = {}) {
  const records: LogRecord[] = [];
  const log = createInstanceLog({
    plugin: "kv",
    instance: "kv-1",
    sink: (record) => void records.push(record),
    defaultLevel: "info",
    maxLineBytes: 64,
    joinIdleMs: 10,
    tailLines: 3,
    ...overrides,
  });
  return { log, records };
}

test("each line is a record that names plugin, instance and source, whatever the line claims [LOG-01]", () => {
  const { log, records } = createLog();
  log.stderr.write(Buffer.from('plain\n{"level":"warn","msg":"x","plugin":"no","source":"host"}\n'));
  assert.deepEqual(
    records.map(({ plugin, instance, source, level, message }) => [plugin, instance, source, level, message]),
    [
      ["kv", "kv-1", "stderr", "info", "plain"],
      ["kv", "kv-1", "stderr", "warn", "x"],
    ],
  );
  assert.deepEqual(records[1]?.fields, { plugin: "no", source: "host" });
});

test("a line with a level ends a trace and may begin one [LOG-06] [LOG-08]", () => {
  const { log, records } = createLog();
  log.stderr.write(Buffer.from("panic: x\n[WARN] next\n[ERROR] Error: y\n    at f (/a.js:1:1)\n"));
  log.stderr.end();
  assert.deepEqual(
    records.map(({ level, message }) => [level, message]),
    [
      ["error", "panic: x"],
      ["warn", "[WARN] next"],
      ["error", "[ERROR] Error: y\n    at f (/a.js:1:1)"],
    ],
  );
});

test("a line without a level has the default one, blank lines make no record [LOG-06]", () => {
  const { log, records } = createLog({ defaultLevel: "debug" });
  log.stderr.write(Buffer.from("\n  \nplain\n"));
  assert.deepEqual(
    records.map(({ level, message }) => [level, message]),
    [["debug", "plain"]],
  );
});

test("long lines come in marked pieces [LOG-09]", () => {
  const { log, records } = createLog();
  log.stderr.write(Buffer.from(`${"x".repeat(100)}\n`));
  assert.deepEqual(
    records.map(({ message, partial }) => [message.length, partial]),
    [
      [64, { index: 0, last: false }],
      [36, { index: 1, last: true }],
    ],
  );
});

test("standard output after the handshake is at debug, as written [LOG-11]", () => {
  const { log, records } = createLog();
  log.stdout.write(Buffer.from('[ERROR] no level\n{"level":"error","msg":"x"}\n'));
  assert.deepEqual(
    records.map(({ source, level }) => [source, level]),
    [
      ["stdout", "debug"],
      ["stdout", "debug"],
    ],
  );
  assert.equal(log.counts().stdoutBytes, 45);
});

test("printed output names its channel [STDIO-06]", () => {
  const { log, records } = createLog();
  const stream = log.openStdio("stderr");
  stream.write(Buffer.from('{"level":"warn","msg":"x","channel":"y"}\nno end'));
  stream.end();
  assert.deepEqual(
    records.map(({ source, message, fields }) => [source, message, fields]),
    [
      ["stdio", "x", { channel: "stderr" }],
      ["stdio", "no end", { channel: "stderr" }],
    ],
  );
});

test("a sink that throws is counted [LOG-12]", () => {
  const { log } = createLog({
    sink: () => {
      throw new Error("full");
    },
  });
  log.stderr.write(Buffer.from("a\nb\n"));
  log.note("info", "c");
  assert.deepEqual(log.counts(), { records: 3, sinkErrors: 3, stdoutBytes: 0, stderrBytes: 4 });
});

test("the tail keeps the last lines raw, with or without a sink", () => {
  for (const sink of [undefined, () => {}]) {
    const { log } = createLog({ sink });
    log.stderr.write(Buffer.from('1\n2\n\n3\n{"level":"warn","msg":"4"}\n'));
    assert.deepEqual(log.stderrTail(), ["2", "3", '{"level":"warn","msg":"4"}']);
  }
});
