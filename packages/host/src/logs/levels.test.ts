import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOfNumber, levelOfText, levelOfWord } from "./levels.js";

test("prefixes set the level, first on the line or after a timestamp [LOG-06]", () => {
  const rows: [string, string | undefined][] = [
    ["[TRACE] x", "trace"],
    ["[DEBUG] x", "debug"],
    ["[INFO] x", "info"],
    ["[WARN] x", "warn"],
    ["[ERROR] x", "error"],
    ["[ERR] plugin: x", "error"],
    ["2026-01-02T03:04:05.678Z [WARN]  kv: x", "warn"],
    ["2026/01/02 03:04:05 [ERROR] x", "error"],
    ["2026-01-02T03:04:05.678+0100 [INFO] x", "info"],
    ["(node:12) ExperimentalWarning: x", "warn"],
    ["[info] x", undefined],
    ["text [ERROR] x", undefined],
    ["12 [ERROR] x", undefined],
    ["", undefined],
  ];
  for (const [text, level] of rows) assert.equal(levelOfText(text), level, text);
});

test("words in any case and pino's numbers [LOG-03]", () => {
  assert.deepEqual(["Info", "FATAL", "warning", "off", "loud"].map(levelOfWord), [
    "info",
    "error",
    "warn",
    undefined,
    undefined,
  ]);
  assert.deepEqual([10, 20, 35, 40, 60, 0, Number.NaN].map(levelOfNumber), [
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    undefined,
    undefined,
  ]);
});
