import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseJsonLine } from "./json-line.js";

test("hclog gives every part of the record [LOG-02]", () => {
  const line = JSON.stringify({
    "@level": "WARN",
    "@message": "slow",
    "@timestamp": "2026-01-02T03:04:05.678901+01:00",
    "@module": "kv.store",
    "@caller": "store.go:12",
    took: 1.5,
    plugin: "mine",
  });
  assert.deepEqual(parseJsonLine(line), {
    level: "warn",
    message: "slow",
    time: new Date("2026-01-02T02:04:05.678Z"),
    module: "kv.store",
    caller: "store.go:12",
    fields: { took: 1.5, plugin: "mine" },
  });
});

test("pino, winston, zap and slog are understood too [LOG-02] [LOG-16]", () => {
  const rows: [string, string, string, number | undefined][] = [
    ['{"level":50,"time":1700000000000,"msg":"pino"}', "error", "pino", 1_700_000_000_000],
    ['{"level":60,"time":1700000000000,"msg":"fatal"}', "error", "fatal", 1_700_000_000_000],
    ['{"level":"verbose","message":"winston"}', "debug", "winston", undefined],
    ['{"level":"info","ts":1700000000.5,"msg":"zap"}', "info", "zap", 1_700_000_000_500],
    ['{"time":"2023-11-14T22:13:20Z","level":"ERROR","msg":"slog"}', "error", "slog", 1_700_000_000_000],
  ];
  for (const [line, level, message, time] of rows) {
    const record = parseJsonLine(line);
    assert.deepEqual([record?.level, record?.message, record?.time?.getTime()], [level, message, time]);
  }
});

test("JSON that is no record of a known level is plain text [LOG-03] [LOG-04] [LOG-05]", () => {
  const plain = [
    "[1,2]",
    '"text"',
    "12",
    "{}",
    '{"a":1}',
    '{"msg":"no level"}',
    '{"@message":"x","@level":"loud"}',
    '{"@message":1,"@level":"info"}',
    '{"@message":"x","@level":{"a":1}}',
    '{"@message":"x","@level":"info","@timestamp":[1]}',
    '{"@message":"x","@level":"info","@timestamp":"yesterday"}',
    '{"@message":"cut',
  ];
  for (const line of plain) assert.equal(parseJsonLine(line), undefined, line);
});

test("a key that names the prototype is an ordinary key by another name [LOG-04]", () => {
  const record = parseJsonLine('{"level":"info","msg":"x","__proto__":{"polluted":1},"constructor":2}');
  assert.deepEqual(Object.keys(record?.fields ?? {}), ["_proto_", "constructor"]);
  assert.equal(Object.getPrototypeOf(record?.fields), Object.prototype);
  assert.equal(Object.assign({}, record?.fields)["polluted" as never], undefined);
});

test("no line makes it throw [LOG-04]", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 4 }), (json) => void parseJsonLine(json)));
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom("@message", "@level", "@timestamp", "level", "msg", "time", "__proto__"),
        fc.jsonValue(),
      ),
      (object) => void parseJsonLine(JSON.stringify(object)),
    ),
  );
});
