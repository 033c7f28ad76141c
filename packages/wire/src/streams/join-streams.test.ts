import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { createDuplexPair, eventually } from "@tenon/testkit";
import { joinStreams } from "./join-streams.js";

describe("a joined stream [WIRE-48]", () => {
  test("reads from the one, writes to the other, and each direction ends by itself", async () => {
    const readable = new PassThrough();
    const writable = new PassThrough();
    const joined = joinStreams(readable, writable);
    joined.write("to ");
    joined.end("them");
    assert.equal(await text(writable), "to them");
    readable.end("to us");
    const closed = once(joined, "close");
    assert.equal(await text(joined), "to us");
    await closed;
  });

  test("what is gathered arrives in one write, and is slowed by whoever takes it", async () => {
    const batches: number[] = [];
    let release: (() => void) | undefined;
    const slow = new Writable({
      highWaterMark: 8,
      writev(chunks, done) {
        batches.push(chunks.length);
        release = done;
      },
    });
    const joined = joinStreams(new PassThrough(), slow);
    joined.cork();
    for (let i = 0; i < 5; i++) joined.write("1234");
    assert.equal(joined.write("5678"), false);
    joined.uncork();
    assert.deepEqual(batches, [6]);
    let drained = false;
    joined.once("drain", () => (drained = true));
    await new Promise(setImmediate);
    assert.equal(drained, false);
    release!();
    await eventually(() => drained);
    joined.destroy();
  });

  test("a reader that stops stops what is read from", async () => {
    const [near, far] = createDuplexPair({ highWaterMarkBytes: 1024 });
    const joined = joinStreams(near, new PassThrough());
    let acknowledged = 0;
    for (let i = 0; i < 50; i++) far.write(Buffer.alloc(1024), () => acknowledged++);
    joined.once("data", () => joined.pause());
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(acknowledged < 10, `${acknowledged} chunks were taken`);
    far.end();
    assert.ok((await buffer(joined)).length >= 40 * 1024);
    joined.destroy();
    far.destroy();
  });

  test("destroy destroys both, and a failure of either is its own", async () => {
    for (const which of ["readable", "writable", "joined"] as const) {
      const readable = new PassThrough();
      const writable = new PassThrough();
      const joined = joinStreams(readable, writable);
      const failed = once(joined, "error");
      ({ readable, writable, joined })[which].destroy(new Error(`${which} broke`));
      assert.match(String(await failed), new RegExp(`${which} broke`));
      assert.ok(readable.destroyed && writable.destroyed && joined.destroyed);
    }
  });

  test("either side that closes early without an error closes it", async () => {
    for (const which of [0, 1] as const) {
      const parts = [new PassThrough(), new PassThrough()] as const;
      const joined = joinStreams(...parts);
      const closed = once(joined, "close");
      parts[which].destroy();
      await closed;
    }
  });
});
