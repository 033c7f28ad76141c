import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { createLogger, type LoggerOptions } from "./logger.js";

function collect(options: LoggerOptions = {}) {
  const records: Record<string, unknown>[] = [];
  const logger = createLogger({
    ...options,
    write: (line) => records.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { logger, records };
}

test("writes at all five levels [LOG-13]", () => {
  const { logger, records } = collect({ name: "kv" });
  for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level](level, { level });
  assert.deepEqual(
    records.map((record) => [record["@level"], record["@message"], record["@module"], record["level"]]),
    ["trace", "debug", "info", "warn", "error"].map((level) => [level, level, "kv", level]),
  );
});

test("leaves out what is below its level [LOG-15]", () => {
  const { logger, records } = collect({ level: "warn" });
  logger.info("no");
  logger.log("debug", "no");
  logger.error("yes");
  assert.deepEqual(
    records.map((record) => record["@message"]),
    ["yes"],
  );
  assert.equal(logger.isEnabled("info"), false);
  assert.equal(logger.isEnabled("warn"), true);
});

test("gives its name and fields to its children", () => {
  const { logger, records } = collect({ name: "kv", fields: { a: 1 } });
  logger.child({ name: "store", fields: { b: 2 } }).info("m", { c: 3 });
  const { "@timestamp": _, ...rest } = records[0]!;
  assert.deepEqual(rest, { "@level": "info", "@message": "m", "@module": "kv.store", a: 1, b: 2, c: 3 });
});

test("throws at nothing that it is told to log [LOG-14]", () => {
  const { logger, records } = collect();
  const hostile = {
    get x() {
      throw new Error("no");
    },
  };
  logger.child({ fields: { a: 1 } }).info(undefined as never, hostile);
  logger.log("loud" as never, 5 as never, "text" as never);
  assert.deepEqual(
    records.map((record) => record["@level"]),
    ["info", "info"],
  );
});

test("refuses a level that there is not", () => {
  assert.throws(
    () => createLogger({ level: "verbose" as never }),
    (error) => isTenonError(error, "option-invalid"),
  );
});
