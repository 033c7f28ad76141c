import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import { MessageReader, type MessageSink } from "./message-reader.js";

const nobody: MessageSink = { onMessage() {} };

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
        const seen: number[][] = [];
        const sink: MessageSink = {
          onMessage: (bytes, start, end) => seen.push([...bytes.subarray(start, end)]),
        };
        let at = 0;
        for (const size of [...sizes, body.length]) {
          const end = Math.min(at + size, body.length);
          reader.feed(body, at, end, sink);
          at = end;
        }
        assert.deepEqual(
          seen,
          messages.map((message) => [...message]),
        );
        assert.equal(reader.partialBytes, 0);
      },
    ),
  );
});

test("a message in one piece stays where it came; one in parts has memory of its own", () => {
  const body = framed(Buffer.from("small"));
  const seen: { bytes: Uint8Array; text: string; own: boolean }[] = [];
  const sink: MessageSink = {
    onMessage(bytes, start, end, _compressed, own) {
      seen.push({ bytes, text: Buffer.from(bytes.subarray(start, end)).toString(), own });
    },
  };
  const reader = new MessageReader(100, false);
  reader.feed(body, 0, body.length, sink);
  reader.feed(body, 0, 7, sink);
  reader.feed(body, 7, body.length, sink);
  assert.deepEqual(
    seen.map(({ text, own }) => [text, own]),
    [
      ["small", false],
      ["small", true],
    ],
  );
  assert.equal(seen[0]!.bytes, body);
  assert.equal(seen[1]!.bytes.buffer.byteLength, 5);
});

test("a message over the limit is refused at its prefix, before any of it is kept [WIRE-10]", () => {
  const prefix = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  const reader = new MessageReader(1000, false);
  assert.throws(
    () => reader.feed(prefix, 0, prefix.length, nobody),
    (error) =>
      error instanceof ConnectError && error.code === Code.ResourceExhausted && /4294967295/.test(error.message),
  );
});

test("a compressed message or an unknown flag is refused", () => {
  for (const flag of [1, 2, 0x80]) {
    const body = framed(Buffer.from("x"), flag);
    assert.throws(
      () => new MessageReader(1000, false).feed(body, 0, body.length, nobody),
      (error) => error instanceof ConnectError && error.code === Code.Internal,
    );
  }
});
