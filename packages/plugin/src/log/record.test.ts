import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatRecord, maxRecordBytes } from "./record.js";

const timestamp = "2023-11-14T22:13:20.000000Z";
const format = (message: unknown, fields?: Record<string, unknown>, module?: string) =>
  formatRecord({ level: "info", message, timestamp, fields, module });
const parse = (line: string) => JSON.parse(line) as Record<string, unknown>;

test("writes one JSON object per line [LOG-13]", () => {
  assert.equal(
    format("two\nlines", { n: 1 }, "kv.store"),
    `{"@level":"info","@message":"two\\nlines","@module":"kv.store","@timestamp":"${timestamp}","n":1}\n`,
  );
});

test("renames fields that hclog keeps for itself, and loses none [LOG-14]", () => {
  const fields = { "@message": 1, "@level": {}, "@timestamp": null, "@module": 2, "@caller": 3, field_level: "taken" };
  assert.deepEqual(parse(format("m", fields)), {
    "@level": "info",
    "@message": "m",
    "@timestamp": timestamp,
    field_message: 1,
    field_level_: {},
    field_timestamp: null,
    field_module: 2,
    field_caller: 3,
    field_level: "taken",
  });
});

test("writes a text for @message, @level and @timestamp whatever it is given [LOG-14]", () => {
  const values = [
    undefined,
    null,
    1,
    1n,
    Symbol("s"),
    () => {},
    {},
    Object.create(null),
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    ),
  ];
  for (const value of values) {
    const record = parse(format(value, value as never));
    for (const key of ["@level", "@message", "@timestamp"]) assert.equal(typeof record[key], "string");
  }
});

test("holds every line under 64 KiB and says how much is missing [LOG-15]", () => {
  const line = format("x".repeat(200_000), { kept: "short" });
  assert.ok(Buffer.byteLength(line) <= maxRecordBytes);
  const record = parse(line);
  const message = record["@message"] as string;
  assert.equal(record["kept"], "short");
  assert.equal(record["truncated_bytes"], 200_000 - message.length);
});

test("shortens the longest fields first [LOG-15]", () => {
  const record = parse(format("m", { big: "y".repeat(100_000), huge: ["z".repeat(100_000)], small: 7 }));
  assert.equal(record["@message"], "m");
  assert.equal(record["small"], 7);
  assert.match(record["big"] as string, /^"y{10000}/);
  assert.match(record["huge"] as string, /^\["z{10000}/);
});

test("stays valid, short and text for any input [LOG-14] [LOG-15]", () => {
  const big = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.repeat(2000));
  const message = fc.oneof(fc.string({ unit: "binary" }), big);
  const fields = fc.dictionary(
    fc.oneof(fc.string(), fc.constant("__proto__"), fc.constant("@level")),
    fc.oneof(fc.anything(), big),
  );
  fc.assert(
    fc.property(message, fields, fc.option(big, { nil: undefined }), (text, values, module) => {
      const line = format(text, values, module);
      assert.ok(Buffer.byteLength(line) <= maxRecordBytes);
      assert.equal(line.indexOf("\n"), line.length - 1);
      const record = parse(line);
      assert.equal(record["@level"], "info");
      assert.equal(record["@timestamp"], timestamp);
      assert.equal(typeof record["@message"], "string");
      if (record["truncated_bytes"] === undefined) assert.equal(record["@message"], text);
    }),
    { numRuns: 200 },
  );
});
