import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { test } from "node:test";
import { createLogger } from "../../log/logger.js";
import { createStderrLog, readLines } from "./output-lines.js";

function collect() {
  const records: Record<string, unknown>[] = [];
  const logger = createLogger({ write: (line) => records.push(JSON.parse(line)) });
  return {
    take: createStderrLog(logger),
    shown: () => records.map((each) => [each["@level"], each["@message"]]),
    records,
  };
}

test("what a plugin writes to standard error becomes records [BPL-23]", () => {
  const { take, shown, records } = collect();
  take('{"@level":"warn","@message":"low","@module":"kv.store","@timestamp":"2023-11-14T22:13:20.000000Z","n":1}');
  take("2023-11-14T22:13:20Z [ERROR] no disk");
  take("plain");
  take('{"level":5}');
  take("   ");
  take("panic: out of luck");
  take("goroutine 1 [running]:");
  assert.deepEqual(shown(), [
    ["warn", "low"],
    ["error", "2023-11-14T22:13:20Z [ERROR] no disk"],
    ["info", "plain"],
    ["info", '{"level":5}'],
    ["error", "panic: out of luck"],
    ["error", "goroutine 1 [running]:"],
  ]);
  assert.deepEqual([records[0]?.["n"], records[0]?.["module"]], [1, "kv.store"]);
});

test("lines come whole, characters too, and those without an end in parts [BPL-23]", async () => {
  const lines: string[] = [];
  const stream = new PassThrough();
  readLines(stream, (line) => lines.push(line));
  const euro = Buffer.from("1 €\r\n");
  stream.write(euro.subarray(0, 3));
  stream.write(euro.subarray(3));
  stream.write("x".repeat(70_000));
  stream.end("\nlast");
  await finished(stream);
  assert.deepEqual(
    lines.map((line) => (line.length > 10 ? line.length : line)),
    ["1 €", 65_536, 4464, "last"],
  );
});
