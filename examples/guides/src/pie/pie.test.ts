import assert from "node:assert/strict";
import { test } from "node:test";
import { callProvider, serveConsumer } from "./host.js";

const { dirname } = import.meta;

test("the provider of the guide answers the host of the guide", async () => {
  const answers = await callProvider([process.execPath, `${dirname}/plugin.js`]);
  assert.deepEqual(answers, { value: "Hi Ann", total: 9007199254740992n });
});

test("the consumer of the guide asks the host of the guide", async () => {
  const messages: string[] = [];
  const command = [process.execPath, `${dirname}/../pie-consumer/plugin.js`] as const;
  const { how, exitCode } = await serveConsumer(command, (text) => messages.push(text));
  assert.deepEqual([how, exitCode], ["exited", 0]);
  assert.ok(messages.includes("the host calls it Adam"), messages.join("\n"));
});
