import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "@tenon/host";
import { words } from "./contract.js";

test("the plugin of the guides runs without a socket", async () => {
  await using host = createHost();
  const session = await host.start(words, { stdio: [process.execPath, `${import.meta.dirname}/plugin.js`] });
  const { words: count } = await session.client("words").count({ text: "no socket at all" });
  assert.equal(count, 4);
  const { how, exitCode } = await session.stop();
  assert.deepEqual([how, exitCode], ["shutdown", 0]);
});
