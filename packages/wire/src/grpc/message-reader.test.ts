import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { MessageReader } from "./message-reader.js";

function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

test("messages come out whole wherever the body is cut [WIRE-10]", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 })),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (messages, sizes) => {
        const body = Buffer.concat(messages.map((message) => framed(message)));
        const reader = new MessageReader(1000, false);
        const seen: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, body.length]) {
          const end = Math.min(at + size, body.length);
          reader.feed(body, at, end, (message) => seen.push(message));
          at = end;
        }
        assert.deepEqual(
          seen.map((message) => [...message]),
          messages.map((message) => [...message]),
        );
        assert.equal(reader.partialBytes, 0);
      },
    ),
  );
});

test("a message is a copy: it does not hold what arrived with it", () => {
  const body = framed(Buffer.from("small"));
  let message: Uint8Array | undefined;
  new MessageReader(100, false).feed(body, 0, body.length, (whole) => {
    message = whole;
  });
  assert.equal(message!.buffer.byteLength, 5);
  body.fill(0);
  assert.equal(Buffer.from(message!).toString(), "small");
});

test("a message over the limit is refused at its prefix, before any of it is kept [WIRE-10]", () => {
  const prefix = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  const reader = new MessageReader(1000, false);
  assert.throws(
    () => reader.feed(prefix, 0, prefix.length, () => {}),
    (error) =>
      error instanceof ConnectError && error.code === Code.ResourceExhausted && /4294967295/.test(error.message),
  );
});

test("a compressed message or an unknown flag is refused", () => {
  for (const flag of [1, 2, 0x80]) {
    const body = framed(Buffer.from("x"), flag);
    assert.throws(
      () => new MessageReader(1000, false).feed(body, 0, body.length, () => {}),
      (error) => error instanceof ConnectError && error.code === Code.Internal,
    );
  }
});
