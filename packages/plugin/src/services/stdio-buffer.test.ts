import assert from "node:assert/strict";
import { test } from "node:test";
import { maxStdioChunkBytes, StdioBuffer } from "./stdio-buffer.js";

function create(maxBytes = 1000) {
  const dropped: number[] = [];
  const buffer = new StdioBuffer({ maxBytes, onDropped: (bytes) => dropped.push(bytes) });
  return { buffer, dropped };
}
const never = new AbortController().signal;
const text = (data: Uint8Array) => Buffer.from(data).toString();

async function readAll(buffer: StdioBuffer, signal = never): Promise<string[]> {
  const all: string[] = [];
  for await (const { channel, data } of buffer.read(signal)) all.push(`${channel}:${text(data)}`);
  return all;
}

test("keeps order and channel, and joins small writes [STDIO-03]", async () => {
  const { buffer } = create();
  for (const part of ["a", "b"]) buffer.write("stdout", Buffer.from(part));
  buffer.write("stderr", Buffer.from("c"));
  buffer.write("stdout", Buffer.from("d"));
  buffer.end();
  assert.deepEqual(await readAll(buffer), ["stdout:ab", "stderr:c", "stdout:d"]);
});

test("delivers what was written before the end, to a reader that waits too [STDIO-05]", async () => {
  const { buffer } = create();
  const reading = readAll(buffer);
  await Promise.resolve();
  buffer.write("stdout", Buffer.from("late"));
  buffer.end();
  assert.deepEqual(await reading, ["stdout:late"]);
});

test("cuts large writes and copies what it is given [STDIO-03] [STDIO-09]", async () => {
  const { buffer } = create(1_000_000);
  const bytes = Buffer.alloc(maxStdioChunkBytes + 1, "x");
  buffer.write("stdout", bytes);
  bytes.fill("y");
  buffer.end();
  const chunks = await readAll(buffer);
  assert.deepEqual(
    chunks.map((chunk) => chunk.length - "stdout:".length),
    [maxStdioChunkBytes, 1],
  );
  assert.ok(!chunks.join("").includes("y"));
});

test("drops the oldest and counts them while nobody reads [STDIO-04]", async () => {
  const { buffer, dropped } = create(10);
  for (let i = 0; i < 8; i++) buffer.write("stdout", Buffer.from(`${i}${i}${i}`));
  assert.ok(buffer.pendingBytes <= 10);
  assert.deepEqual(dropped, [0]);
  buffer.end();
  assert.deepEqual(dropped, [0, 15]);
  assert.deepEqual(await readAll(buffer), ["stdout:555666777"]);
});

test("holds a single write beyond the limit to the limit [STDIO-04]", () => {
  const { buffer } = create(maxStdioChunkBytes);
  buffer.write("stdout", Buffer.alloc(10 * maxStdioChunkBytes));
  assert.ok(buffer.pendingBytes <= maxStdioChunkBytes);
});

test("lets a second reader take over [STDIO-08]", async () => {
  const { buffer } = create();
  const first = readAll(buffer);
  await Promise.resolve();
  const second = readAll(buffer);
  assert.deepEqual(await first, []);
  buffer.write("stdout", Buffer.from("x"));
  buffer.end();
  assert.deepEqual(await second, ["stdout:x"]);
});

test("ends a reader that is aborted, and keeps what it did not take [STDIO-10]", async () => {
  const { buffer } = create();
  const gone = new AbortController();
  const first = readAll(buffer, gone.signal);
  await Promise.resolve();
  gone.abort();
  assert.deepEqual(await first, []);
  buffer.write("stdout", Buffer.from("x"));
  assert.deepEqual(
    buffer.takeAll().map(({ data }) => text(data)),
    ["x"],
  );
  assert.equal(buffer.pendingBytes, 0);
});
