import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { MessageEncoder } from "./message-encoder.js";

const encodeBytes = (encoder: MessageEncoder, size: number, fill: number) =>
  encoder.encode(BytesValueSchema, create(BytesValueSchema, { value: new Uint8Array(size).fill(fill) }));

test("a message that was lent is left alone until it is given back, and then its memory is used again", () => {
  const encoder = new MessageEncoder();
  const first = encodeBytes(encoder, 50_000, 1);
  assert.equal(encoder.lend(first), true);
  const second = encodeBytes(encoder, 50_000, 2);
  assert.equal(encoder.lend(second), true);
  const third = encodeBytes(encoder, 50_000, 3);
  for (const [i, bytes] of [first, second, third].entries()) {
    assert.equal(
      fromBinary(BytesValueSchema, bytes).value.every((byte) => byte === i + 1),
      true,
    );
  }
  encoder.giveBack(first);
  assert.equal(encoder.lend(third), true);
  assert.equal(encodeBytes(encoder, 50_000, 4).buffer, first.buffer);
});

test("memory of others is not lent, and none that is far too large", () => {
  const encoder = new MessageEncoder();
  assert.equal(encoder.lend(new Uint8Array(100)), false);
  encodeBytes(encoder, 1_000_000, 1);
  const small = encodeBytes(encoder, 20_000, 2);
  assert.equal(encoder.lend(small), false);
  assert.equal(encoder.lend(encodeBytes(encoder, 20_000, 3)), true);
});

test("what is kept of what came back is bounded", () => {
  const encoder = new MessageEncoder();
  const lent = Array.from({ length: 10 }, () => {
    const message = encodeBytes(encoder, 900_000, 1);
    encoder.lend(message);
    return message;
  });
  for (const message of lent) encoder.giveBack(message);
  const again = new Set(lent.map(({ buffer }) => buffer));
  let reused = 0;
  for (let i = 0; i < 10; i++) {
    const message = encodeBytes(encoder, 900_000, 1);
    if (again.has(message.buffer)) reused++;
    encoder.lend(message);
  }
  assert.ok(reused <= 5, `${reused}`);
});
