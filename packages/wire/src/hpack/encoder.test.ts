import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import type { HeaderField } from "./field.js";

function encode(encoder: HpackEncoder, fields: readonly HeaderField[]): Uint8Array {
  const out = new Uint8Array(HpackEncoder.maxEncodedBytes(fields));
  return out.subarray(0, encoder.encode(fields, out, 0));
}

/** Whether a field that was sent `times` times has found its way into the table. */
function isIndexed(field: HeaderField, times: number): boolean {
  const encoder = new HpackEncoder();
  for (let i = 0; i < times; i++) encode(encoder, [field]);
  return encoder.generation > 0;
}

describe("what is indexed", () => {
  test("stable fields at first sight", () => {
    for (const name of [":path", ":authority", "content-type", "te", "user-agent", "grpc-status"]) {
      assert.equal(isIndexed([name, "x"], 1), true, name);
    }
  });

  test("what the static table holds needs no entry", () => {
    const encoder = new HpackEncoder();
    assert.deepEqual(
      encode(encoder, [
        [":status", "200"],
        [":method", "POST"],
        ["accept-encoding", "gzip, deflate"],
      ]),
      Uint8Array.of(0x88, 0x83, 0x90),
    );
    assert.equal(encoder.generation, 0);
  });

  test("values that change per call never", () => {
    for (const name of ["grpc-timeout", "grpc-message", "grpc-status-details-bin", "traceparent", "x-request-id"]) {
      assert.equal(isIndexed([name, "x"], 3), false, name);
    }
  });

  test("other headers when a short value comes back", () => {
    assert.equal(isIndexed(["x-tenant", "a"], 1), false);
    assert.equal(isIndexed(["x-tenant", "a"], 2), true);
    assert.equal(isIndexed(["x-tenant", "a".repeat(256)], 3), false);
  });

  test("a header with another value each time leaves the table alone", () => {
    const encoder = new HpackEncoder();
    for (let i = 0; i < 1000; i++) encode(encoder, [["x-unique", `${i}`]]);
    assert.equal(encoder.generation, 0);
  });

  test("secrets are never-indexed literals", () => {
    for (const name of ["authorization", "cookie", "set-cookie", "proxy-authorization"]) {
      assert.equal(isIndexed([name, "secret"], 3), false, name);
      assert.equal(encode(new HpackEncoder(), [[name, "secret"]])[0]! & 0xf0, 0x10, name);
    }
  });

  test("thousands of names do not pile up, and those in the table survive", () => {
    const encoder = new HpackEncoder();
    encode(encoder, [[":path", "/a.B/C"]]);
    for (let i = 0; i < 5000; i++) encode(encoder, [[`x-${i}`, "v"]]);
    assert.equal(encoder.generation, 1);
    assert.deepEqual(encode(encoder, [[":path", "/a.B/C"]]), Uint8Array.of(0xbe));
  });
});

test("a block encodes to the same octets while generation stands still", () => {
  const fields: HeaderField[] = [
    [":method", "POST"],
    [":path", "/a.B/C"],
    ["content-type", "application/grpc"],
  ];
  const encoder = new HpackEncoder();
  encode(encoder, fields);
  const before = encoder.generation;
  const block = encode(encoder, fields);
  assert.equal(block.length, 3);
  assert.equal(encoder.generation, before);
  assert.deepEqual(encode(encoder, fields), block);
  encode(encoder, [["te", "trailers"]]);
  assert.notEqual(encoder.generation, before);
});

test("a block that might not fit changes nothing", () => {
  const fields: HeaderField[] = [["te", "trailers"]];
  const encoder = new HpackEncoder();
  const room = HpackEncoder.maxEncodedBytes(fields);
  for (const [length, offset] of [
    [room - 1, 0],
    [room, 1],
    [room, room + 1],
    [room, -1],
    [room, Number.NaN],
  ] as const) {
    assert.throws(() => encoder.encode(fields, new Uint8Array(length), offset), RangeError);
  }
  assert.equal(encoder.generation, 0);
  assert.ok(encoder.encode(fields, new Uint8Array(room + 1), 1) > 1);
});

test("a character above 255 is refused and both tables start afresh", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const good: HeaderField[] = [
    ["te", "trailers"],
    ["x-a", "1"],
  ];
  decoder.decode(encode(encoder, good));
  for (const bad of [
    ["x-a", "\u0100"],
    ["x-\u0100", "1"],
    [":path", "\u010a"],
  ] as const) {
    assert.throws(() => encode(encoder, [["user-agent", "lost"], bad]), TypeError);
    assert.equal(encoder.sizeUpdatePending, true);
    assert.deepEqual(decoder.decode(encode(encoder, good)).fields, good);
    assert.deepEqual(decoder.decode(encode(encoder, good)).fields, good);
  }
});

describe("size updates", () => {
  test("none while the peer allows no less than is used", () => {
    const encoder = new HpackEncoder();
    for (const bytes of [4096, 65_536, 0xffff_ffff, 5000]) encoder.setMaxTableBytes(bytes);
    assert.equal(encoder.sizeUpdatePending, false);
  });

  test("one when the table shrinks", () => {
    const encoder = new HpackEncoder();
    encoder.setMaxTableBytes(30);
    assert.equal(encoder.sizeUpdatePending, true);
    assert.deepEqual(encode(encoder, [[":method", "GET"]]), Uint8Array.of(0x3e, 0x82));
    assert.equal(encoder.sizeUpdatePending, false);
    assert.deepEqual(encode(encoder, [[":method", "GET"]]), Uint8Array.of(0x82));
  });

  test("two when it shrank and grew in between, the smallest first", () => {
    const encoder = new HpackEncoder();
    for (const bytes of [20, 0, 10, 4096]) encoder.setMaxTableBytes(bytes);
    assert.deepEqual(encode(encoder, [[":method", "GET"]]), Uint8Array.of(0x20, 0x3f, 0xe1, 0x1f, 0x82));
  });

  test("one when it grows by leave of both sides", () => {
    const encoder = new HpackEncoder({ maxTableBytes: 8192 });
    encoder.setMaxTableBytes(65_536);
    assert.deepEqual(encode(encoder, []), Uint8Array.of(0x3f, 0xe1, 0x3f));
  });

  test("an encoder that wants no table says so in its first block", () => {
    const encoder = new HpackEncoder({ maxTableBytes: 0 });
    assert.equal(encode(encoder, [["te", "trailers"]])[0], 0x20);
    assert.equal(encoder.generation, 0);
  });

  test("refuses sizes that are none", () => {
    for (const bad of [-1, 1.5, Number.NaN]) {
      assert.throws(() => new HpackEncoder({ maxTableBytes: bad }), RangeError);
      assert.throws(() => new HpackEncoder().setMaxTableBytes(bad), RangeError);
    }
  });
});

const name = fc.oneof(
  fc.constantFrom(":path", ":status", "te", "cookie", "grpc-timeout", "x-a", "x-b", "x-c", "grpc-status", ""),
  fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "-", "\u00e9") }),
);
const value = fc.oneof(
  fc.constantFrom("", "0", "200", "trailers", "/a.B/C"),
  fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets).toString("latin1")),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ fields: fc.array(fc.tuple(name, value), { maxLength: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ tableBytes: fc.nat({ max: 700 }) }) },
);

test("a decoder reads any sequence of blocks back, through changes of the table size", () => {
  fc.assert(
    fc.property(fc.nat({ max: 700 }), fc.array(step, { maxLength: 40 }), (own, steps) => {
      const encoder = new HpackEncoder({ maxTableBytes: own });
      const decoder = new HpackDecoder();
      for (const step of steps) {
        if ("tableBytes" in step) {
          encoder.setMaxTableBytes(step.tableBytes);
          continue;
        }
        const pending = encoder.sizeUpdatePending;
        const before = encoder.generation;
        const block = encode(encoder, step.fields);
        assert.deepEqual(decoder.decode(block).fields, step.fields);
        assert.equal(encoder.sizeUpdatePending, false);
        if (!pending && encoder.generation === before) assert.deepEqual(decoder.decode(block).fields, step.fields);
      }
    }),
    { numRuns: 1000 },
  );
});
