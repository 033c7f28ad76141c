import assert from "node:assert/strict";
import { test } from "node:test";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "./channel.js";

// Nothing but the ping's own timer keeps the process alive here: the runner fails a test whose event loop ends first.
test("a ping that nobody answers rejects at its time, on a stream that holds nothing open [WIRE-08]", async () => {
  const [near] = createDuplexPair();
  const channel = createChannel(near);
  await assert.rejects(channel.ping({ timeoutMs: 20 }), { name: "TimeoutError", message: /within 20 ms/ });
  const signal = AbortSignal.abort(new Error("called off"));
  await assert.rejects(channel.ping({ timeoutMs: 20, signal }), /called off/);
  channel.destroy();
  await assert.rejects(channel.ping({ timeoutMs: 20 }), /destroyed/);
});
