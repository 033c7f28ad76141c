import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { createTee } from "./byte-sink.js";

/** A sink that tells how full it is. */
class Sink extends EventEmitter {
  writableLength = 0;
  readonly chunks: Uint8Array[] = [];
  write(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
}

test("bytes are copied, since their memory is used again [OPT-07]", () => {
  const sink = new Sink();
  const bytes = Buffer.from("first");
  createTee("output", sink, () => {})?.write(bytes);
  bytes.write("again");
  assert.equal(Buffer.from(sink.chunks[0]!).toString(), "first");
});

test("what a slow sink cannot take is dropped and counted, and then it goes on [OPT-09]", () => {
  const sink = new Sink();
  const troubles: string[] = [];
  const tee = createTee("output", sink, (why) => troubles.push(why))!;
  sink.writableLength = 16 * 1024 * 1024 + 1;
  tee.write(Buffer.alloc(10));
  tee.write(Buffer.alloc(5));
  sink.writableLength = 0;
  tee.write(Buffer.alloc(1));
  tee.end();
  assert.deepEqual([sink.chunks.length, sink.listenerCount("error")], [1, 0]);
  assert.match(troubles.join("\n"), /too slow.*\n15 bytes for output were dropped/);
});

test("a sink that fails gets nothing more, and is named once [OPT-09]", () => {
  const sink = new Sink();
  const troubles: string[] = [];
  const tee = createTee("output", sink, (why) => troubles.push(why))!;
  sink.emit("error", new Error("disk full"));
  sink.emit("error", new Error("disk full"));
  tee.write(Buffer.alloc(1));
  assert.deepEqual([sink.chunks.length, troubles.length], [0, 1]);
  assert.equal(
    createTee("output", undefined, () => {}),
    undefined,
  );
});
