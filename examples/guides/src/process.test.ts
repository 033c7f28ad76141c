import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { isTenonError } from "@tenon/core";
import { createHost, type LogRecord } from "@tenon/host";
import { words } from "./contract.js";

const launch = { process: [process.execPath, `${import.meta.dirname}/plugin.js`] } as const;

test("the plugin as a host sees it", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => records.push(record) });
  const session = await host.start(words, launch);

  const { words: count } = await session.client("words").count({ text: "one two" });
  assert.equal(count, 2);

  const outcome = await session.stop();
  assert.deepEqual([outcome.how, outcome.exitCode], ["shutdown", 0]);
  assert.ok(records.some(({ module, message }) => module === "words" && message === "good-bye"));
});

test("a crash fails its calls and nothing else", async () => {
  await using host = createHost();
  const session = await host.start(words, launch);
  process.kill(session.pid, "SIGKILL");

  const call = session.client("words").count({ text: "one two" });
  await assert.rejects(call, (error: { code: Code; cause?: unknown }) => {
    return error.code === Code.Unavailable && isTenonError(error.cause, "plugin-exited");
  });
  assert.equal((await session.closed).how, "crashed");
});
