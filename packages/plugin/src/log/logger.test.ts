import assert from "node:assert/strict";
import { test } from "node:test";
import { createHandlerContext } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { callInfo } from "@tenon/wire/host-services";
import { KV } from "../kv.testing.js";
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

test("a child for a call gives the ids of call and trace to its records, the same ones each time", () => {
  const { logger, records } = collect({ fields: { a: 1 } });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const call = createHandlerContext({
    service: KV,
    method: KV.method.get,
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://localhost/kv",
    requestHeader: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
  });
  const log = logger.child({ call });
  log.info("one");
  log.child({ fields: { b: 2 } }).info("two", { call_id: "own" });
  const { id } = callInfo(call);
  assert.deepEqual(
    records.map((record) => [record["a"], record["b"], record["call_id"], record["trace_id"]]),
    [
      [1, undefined, id, trace],
      [1, 2, "own", trace],
    ],
  );
});

test("throws at nothing that it is told to log [LOG-14]", () => {
  const { logger, records } = collect();
  const hostile = {
    get x() {
      throw new Error("no");
    },
  };
  logger.child({ fields: { a: 1 }, call: {} as never }).info(undefined as never, hostile);
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
