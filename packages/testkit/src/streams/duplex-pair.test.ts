import assert from "node:assert/strict";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import { createDuplexPair } from "./duplex-pair.js";

test("bytes written to one end arrive at the other, both ways", async () => {
  const [a, b] = createDuplexPair();
  a.end("to b");
  b.end("to a");
  assert.deepEqual(await Promise.all([text(a), text(b)]), ["to a", "to b"]);
});

test("a writer waits while nobody reads", async () => {
  const [a, b] = createDuplexPair({ highWaterMarkBytes: 16 });
  b.end();
  let acknowledged = 0;
  for (let i = 0; i < 8; i++) a.write(Buffer.alloc(16), () => acknowledged++);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(acknowledged <= 2, `${acknowledged} writes were acknowledged though nothing was read`);
  a.end();
  assert.equal((await buffer(b)).length, 128);
  assert.equal(acknowledged, 8);
});

test("a reused buffer does not change what was sent", async () => {
  const [a, b] = createDuplexPair();
  b.end();
  const chunk = Buffer.from("first");
  await new Promise((resolve) => a.write(chunk, resolve));
  chunk.fill("x");
  a.end();
  assert.equal(await text(b), "first");
});

test("each direction ends by itself", async () => {
  const [a, b] = createDuplexPair();
  a.end();
  b.resume();
  await once(b, "end");
  b.end("still open");
  assert.equal(await text(a), "still open");
});

test("an end without half-open closes when its peer ends", async () => {
  const [a, b] = createDuplexPair({ allowHalfOpen: false });
  a.resume();
  b.resume();
  a.end();
  await Promise.all([once(a, "close"), once(b, "close")]);
});

test("destroy ends the reader of the peer and breaks its writer", async () => {
  const [a, b] = createDuplexPair();
  a.destroy();
  b.resume();
  await once(b, "end");
  b.write("lost");
  const [error] = (await once(b, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "EPIPE");
});

test("destroy with an error resets the peer", async () => {
  const [a, b] = createDuplexPair();
  a.on("error", () => {});
  a.destroy(new Error("local reason"));
  const [error] = (await once(b, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("a write that waits for room fails when the reader goes", async () => {
  const [a, b] = createDuplexPair({ highWaterMarkBytes: 1 });
  a.on("error", () => {});
  const failed = new Promise<Error | null | undefined>((resolve) => {
    a.write("12345", () => {});
    a.write("67890", resolve);
  });
  setImmediate(() => b.destroy());
  assert.equal(((await failed) as NodeJS.ErrnoException).code, "EPIPE");
});
