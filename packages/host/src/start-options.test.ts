import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { parseStartOptions, type StartOptions } from "./start-options.js";
import { defaultStopTimeouts, parseStopOptions, type StopOptions } from "./stop/stop-options.js";

test("the defaults are those that are documented [LIFE-01] [STOP-05] [TLS-02] [ENV-18]", () => {
  assert.deepEqual(parseStartOptions("options", undefined), {
    name: undefined,
    signal: undefined,
    startTimeoutMs: 60_000,
    connectTimeoutMs: 5_000,
    autoMtls: true,
    minPort: 10_000,
    maxPort: 25_000,
    socketDir: undefined,
    socketGroup: undefined,
    interceptors: [],
    hostServices: new Map(),
    maxCallDepth: 128,
    channel: {},
    tls: undefined,
    stderr: undefined,
    syncStdout: undefined,
    syncStderr: undefined,
    log: undefined,
    defaultLevel: "info",
    maxLogLineBytes: 65_536,
    joinIdleMs: 100,
    maxStderrTailLines: 20,
    multiplex: false,
    brokerTimeoutMs: 5000,
    stop: { shutdownTimeoutMs: 2000, terminateTimeoutMs: 2000, killTimeoutMs: 2000, drainTimeoutMs: 500 },
  });
});

const wrong: [option: string, options: unknown][] = [
  ["options", 1],
  ["options.timeout", { timeout: 1 }],
  ["options.startTimeoutMs", { startTimeoutMs: 0 }],
  ["options.startTimeoutMs", { startTimeoutMs: "5" }],
  ["options.startTimeoutMs", { startTimeoutMs: 2 ** 31 }],
  ["options.connectTimeoutMs", { connectTimeoutMs: -1 }],
  ["options.autoMtls", { autoMtls: "yes" }],
  ["options.minPort", { minPort: 70_000 }],
  ["options.minPort", { minPort: 30_000 }],
  ["options.signal", { signal: {} }],
  ["options.log", { log: console }],
  ["options.interceptors", { interceptors: [1] }],
  ["options.hostServices", { hostServices: [] }],
  ["options.hostServices.store", { hostServices: { store: "mine" } }],
  ["options.hostServices.store", { hostServices: { store: null } }],
  ["options.maxCallDepth", { maxCallDepth: 0 }],
  ["options.maxCallDepth", { maxCallDepth: 10_001 }],
  ["options.defaultLevel", { defaultLevel: "loud" }],
  ["options.maxLogLineBytes", { maxLogLineBytes: 1 }],
  ["options.name", { name: "" }],
  ["options.stop.shutdownTimeoutMs", { stop: { shutdownTimeoutMs: 1.5 } }],
  ["options.stop.grace", { stop: { grace: 1 } }],
];

for (const [option, options] of wrong) {
  test(`${option} is named when it is wrong: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => parseStartOptions("options", options as StartOptions),
      (error) => isTenonError(error, "option-invalid") && error.facts["option"] === option,
    );
  });
}

test("stop options fill up from the defaults [STOP-05]", () => {
  const signal = new AbortController().signal;
  assert.deepEqual(parseStopOptions("stop", { shutdownTimeoutMs: 5, signal }, defaultStopTimeouts), {
    ...defaultStopTimeouts,
    shutdownTimeoutMs: 5,
    signal,
  });
  assert.throws(
    () => parseStopOptions("stop", { signal: 1 } as unknown as StopOptions, defaultStopTimeouts),
    (error) => isTenonError(error, "option-invalid") && error.facts["option"] === "stop.signal",
  );
});
