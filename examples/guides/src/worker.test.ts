import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "@tenon/host";
import { words } from "./contract.js";
import { modest } from "./worker.js";

test("the plugin of the guides runs in a thread", async () => {
  await using host = createHost();
  const session = await host.start(words, { worker: `${import.meta.dirname}/plugin.js` });
  const { words: count } = await session.client("words").count({ text: "a thread of its own" });
  assert.equal(count, 5);
  const { how, exitCode } = await session.stop();
  assert.deepEqual([how, exitCode], ["shutdown", 0]);
});

test("it does with little", async () => {
  await using host = createHost();
  const session = await host.start(words, { ...modest, worker: new URL("plugin.js", import.meta.url) });
  assert.equal((await session.client("words").count({ text: "one" })).words, 1);
});
