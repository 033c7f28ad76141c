import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { maxHandshakeLineBytes } from "@tenon/core";
import { readFirstLine, readStdout } from "./stdout-reader.js";

function open() {
  const stdout = new PassThrough();
  const rest: Buffer[] = [];
  const reader = readStdout(stdout, (chunk) => rest.push(Buffer.from(chunk)));
  return { stdout, reader, rest: () => Buffer.concat(rest).toString() };
}

test("the first line is found, what follows is passed on [HS-18] [HS-23]", async () => {
  const { stdout, reader, rest } = open();
  stdout.write("1|1|unix|/x|grpc|\nsecond\n");
  assert.deepEqual(await reader.firstLine, { kind: "line", text: "1|1|unix|/x|grpc|", isComplete: true });
  stdout.write("third");
  stdout.end();
  await reader.ended;
  assert.equal(rest(), "second\nthird");
});

test("a line in single bytes is read whole [HS-20]", async () => {
  const { stdout, reader } = open();
  for (const byte of Buffer.from("1|ü|\n")) stdout.write(Buffer.of(byte));
  assert.deepEqual(await reader.firstLine, { kind: "line", text: "1|ü|", isComplete: true });
});

test("a line at the limit passes, one byte more does not, and reading goes on [HS-19] [HS-23]", async () => {
  const fits = open();
  fits.stdout.write(`${"x".repeat(maxHandshakeLineBytes - 1)}\n`);
  assert.equal((await fits.reader.firstLine).kind, "line");

  const { stdout, reader, rest } = open();
  stdout.write("x".repeat(maxHandshakeLineBytes));
  assert.deepEqual(await reader.firstLine, { kind: "too-long" });
  stdout.write("y".repeat(100_000));
  await turn();
  assert.equal(rest().length, 100_000);
  assert.equal(reader.head().length, 1024);
});

test("an end without a line feed gives what there is, an empty output is closed [LIFE-04]", async () => {
  const half = open();
  half.stdout.end("1|1|un");
  assert.deepEqual(await half.reader.firstLine, { kind: "line", text: "1|1|un", isComplete: false });
  const empty = open();
  empty.stdout.destroy();
  assert.deepEqual(await empty.reader.firstLine, { kind: "closed" });
  await empty.reader.ended;
});

test("what follows the first line stays in the stream, however it is cut [STD-05]", async () => {
  const bytes = Buffer.concat([
    Buffer.from("1|1|stdio|-|grpc|\n"),
    Buffer.from([0, 10, 255, 13, 10]),
    Buffer.alloc(70_000, 7),
  ]);
  for (const size of [1, 2, 17, 18, 19, 4096, bytes.length]) {
    const stdout = new PassThrough({ highWaterMark: 1_000_000 });
    const reader = readFirstLine(stdout);
    for (let at = 0; at < bytes.length; at += size) stdout.write(bytes.subarray(at, at + size));
    assert.deepEqual(await reader.firstLine, { kind: "line", text: "1|1|stdio|-|grpc|", isComplete: true });
    assert.ok(stdout.isPaused());
    assert.equal(reader.head(), "1|1|stdio|-|grpc|");
    stdout.end();
    const rest: Buffer[] = [];
    for await (const chunk of stdout) rest.push(chunk as Buffer);
    assert.ok(Buffer.concat(rest).equals(bytes.subarray(18)), `in pieces of ${size}`);
  }
});

test("a first line that is none is told as for a socket [STD-09]", async () => {
  const cases = [
    ["", { kind: "closed" }],
    ["1|1|st", { kind: "line", text: "1|1|st", isComplete: false }],
    ["x".repeat(maxHandshakeLineBytes), { kind: "too-long" }],
  ] as const;
  for (const [text, expected] of cases) {
    const stdout = new PassThrough();
    const reader = readFirstLine(stdout);
    stdout.end(text);
    assert.deepEqual(await reader.firstLine, expected);
  }
});
