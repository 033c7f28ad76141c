import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { delayWrites } from "./delay.js";
import { createDuplexPair } from "./duplex-pair.js";

test("writes arrive later, in order, and the end behind them", async () => {
  const [near, far] = createDuplexPair();
  const slow = delayWrites(near, 30);
  const begunAt = performance.now();
  slow.write("one ");
  slow.write("two ");
  slow.end("three");
  far.end("back");
  assert.equal(await text(far), "one two three");
  assert.equal(await text(slow), "back");
  assert.ok(performance.now() - begunAt >= 28);
});

test("what is under way is lost with the stream, as on a link", async () => {
  const [near, far] = createDuplexPair();
  const slow = delayWrites(near, 10_000);
  slow.write("never");
  const closed = once(slow, "close");
  slow.destroy();
  assert.equal(await text(far), "");
  await closed;
});
