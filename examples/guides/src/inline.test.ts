import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "@tenon/host";
import plugin, { dispose } from "./caching/plugin.js";
import { words } from "./contract.js";

test("the plugin of the guides is called as functions", async () => {
  await using host = createHost();
  const session = await host.start(words, { inline: `${import.meta.dirname}/plugin.js` });
  const { words: count } = await session.client("words").count({ text: "no bytes at all" });
  assert.equal(count, 4);
  const { how } = await session.stop();
  assert.equal(how, "shutdown");
});

test("a plugin that is imported already, with messages of its own", async (t) => {
  t.after(dispose);
  await using host = createHost();
  const session = await host.start(words, { inline: plugin, copy: true });
  assert.equal((await session.client("words").count({ text: "a b" })).words, 2);
});

test("new code is taken while calls run", async () => {
  await using host = createHost();
  const session = await host.start(words, { inline: `${import.meta.dirname}/caching/plugin.js`, reload: true });
  const counting = session.client("words").count({ text: "begun on the old code" });
  await session.reload();
  assert.equal((await counting).words, 5);
  assert.equal((await session.client("words").count({ text: "on the new" })).words, 3);
});
