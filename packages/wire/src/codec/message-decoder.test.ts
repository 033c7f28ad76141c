import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  file_google_protobuf_descriptor,
  FileDescriptorProtoSchema,
  StringValueSchema,
  StructSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { compileReader } from "./compile-reader.js";
import { encodings } from "./encodings.testing.js";
import { MessageDecoder } from "./message-decoder.js";
import { Source } from "./source.js";
import { type Syntax, typeOfAll } from "./types.testing.js";

/** What can be seen of a value besides what deepEqual sees: the order of properties, and prototypes one by one. */
function anatomy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return typeof value;
  if (Array.isArray(value)) return value.map(anatomy);
  return [Object.getPrototypeOf(value), ...Object.entries(value).map(([name, value]) => [name, anatomy(value)])];
}

function memoryOf(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(memoryOf) : [];
}

type Outcome = { readonly message: Message } | { readonly error: unknown };

function attempt(decode: () => Message): Outcome {
  try {
    return { message: decode() };
  } catch (error) {
    return { error };
  }
}

/** Decodes from the midst of memory that is overwritten afterwards. */
function assertSame(decoder: MessageDecoder, desc: DescMessage, bytes: Uint8Array, makeMemory = plainMemory): void {
  const expected = attempt(() => fromBinary(desc, Uint8Array.from(bytes)));
  const memory = makeMemory(bytes.length + 20);
  memory.fill(1);
  memory.set(bytes, 7);
  const actual = attempt(() => decoder.decode(desc, memory, 7, 7 + bytes.length));
  memory.fill(0xff);
  if ("error" in expected) {
    assert.ok("error" in actual, `fails as fromBinary does: ${String(expected.error)}`);
    assert.equal(String(actual.error), String(expected.error));
    assert.equal(Object.getPrototypeOf(actual.error), Object.getPrototypeOf(expected.error));
    return;
  }
  if ("error" in actual) throw actual.error;
  assert.deepStrictEqual(actual.message, expected.message);
  assert.deepStrictEqual(anatomy(actual.message), anatomy(expected.message));
  for (const part of memoryOf(actual.message)) assert.notEqual(part.buffer, memory.buffer);
}

const plainMemory = (size: number): Uint8Array => new Uint8Array(size);
const syntaxes: readonly Syntax[] = ["proto2", "proto3", "editions"];

describe("our decoder gives the messages of fromBinary", () => {
  for (const syntax of syntaxes) {
    const all = typeOfAll(syntax);

    test(`for every type and form of field in ${syntax}`, () => {
      const decoder = new MessageDecoder();
      fc.assert(
        fc.property(encodings(all, 2, true), (bytes) => assertSame(decoder, all, bytes)),
        { numRuns: 1500 },
      );
    });

    test(`for what is left of an encoding in ${syntax} that was damaged`, () => {
      const decoder = new MessageDecoder();
      const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
      fc.assert(
        fc.property(encodings(all, 2, true), damage, fc.nat(), (bytes, damage, cut) => {
          for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
          assertSame(decoder, all, bytes);
          assertSame(decoder, all, bytes.subarray(0, cut % (bytes.length + 1)));
        }),
        { numRuns: 1500 },
      );
    });

    test(`for other types' messages in ${syntax}`, () => {
      const decoder = new MessageDecoder();
      fc.assert(fc.property(encodings(ValueSchema, 3, true), (bytes) => assertSame(decoder, all, bytes)));
    });

    test(`and reads well-formed messages in ${syntax} itself`, () => {
      const reader = compileReader(all, new WeakMap());
      fc.assert(
        fc.property(encodings(all, 2, false), (bytes) => {
          const source = new Source();
          source.open(bytes, 0, bytes.length);
          const message = reader.create();
          reader.read(source, message);
          assert.deepStrictEqual(message, fromBinary(all, bytes));
          assert.equal(source.depth, 0);
        }),
        { numRuns: 500 },
      );
    });

    test(`for bytes in a Buffer, in ${syntax}`, () => {
      const decoder = new MessageDecoder();
      const bufferMemory = (size: number): Uint8Array => Buffer.alloc(size);
      fc.assert(fc.property(encodings(all, 2, true), (bytes) => assertSame(decoder, all, bytes, bufferMemory)));
    });
  }

  test("for the types whose fields hold something else, and for real descriptors", () => {
    const decoder = new MessageDecoder();
    for (const desc of [StructSchema, ValueSchema, StringValueSchema]) {
      fc.assert(fc.property(encodings(desc, 4, true), (bytes) => assertSame(decoder, desc, bytes)));
    }
    assertSame(
      decoder,
      FileDescriptorProtoSchema,
      toBinary(FileDescriptorProtoSchema, file_google_protobuf_descriptor.proto),
    );
  });

  test("for any bytes", () => {
    const decoder = new MessageDecoder();
    for (const desc of [typeOfAll("proto2"), ValueSchema, StringValueSchema]) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => assertSame(decoder, desc, bytes)),
        { numRuns: 2000 },
      );
    }
  });

  test("for tags and numbers in more bytes than they need, and for varints without an end", () => {
    const decoder = new MessageDecoder();
    const all = typeOfAll("proto3");
    for (let size = 1; size <= 12; size++) {
      for (const last of [0, 1, 0x0f, 0x10, 0x7f]) {
        const varint = [...Array.from({ length: size - 1 }, () => 0x80), last];
        assertSame(decoder, all, Uint8Array.from([0x88, ...varint.slice(1), 1]));
        for (const field of all.fields.slice(0, 60)) {
          assertSame(
            decoder,
            all,
            new BinaryWriter().tag(field.number, WireType.Varint).raw(Uint8Array.from(varint)).finish(),
          );
        }
      }
    }
  });

  test("for two values of a field that holds a message, which are merged", () => {
    const decoder = new MessageDecoder();
    for (const syntax of syntaxes) {
      const all = typeOfAll(syntax);
      for (const field of all.fields) {
        if (field.fieldKind !== "message") continue;
        const content = encodings(field.message, 1, false);
        fc.assert(
          fc.property(content, content, (first, second) => {
            const writer = new BinaryWriter();
            for (const part of [first, second]) writer.tag(field.number, WireType.LengthDelimited).bytes(part);
            assertSame(decoder, all, writer.finish());
          }),
        );
      }
    }
  });

  test("up to the same depth, also through types that are left to the library", () => {
    const decoder = new MessageDecoder();
    for (const syntax of syntaxes) {
      const all = typeOfAll(syntax);
      const numberOf = (name: string, desc = all) => desc.fields.find((field) => field.name === name)!.number;
      const rare = all.fields.find((field) => field.name === "m1")!.message!;
      for (const depth of [98, 99, 100, 101, 102]) {
        assertSame(
          decoder,
          all,
          nested(depth, () => numberOf("m0")),
        );
        assertSame(
          decoder,
          all,
          nested(depth, (i) => (i % 2 === 0 ? numberOf("m1") : numberOf("all", rare))),
        );
        const sibling = nested(depth, () => numberOf("m0_many"));
        assertSame(decoder, all, Buffer.concat([sibling, sibling]));
      }
    }
  });

  test("and after one that failed, the next", () => {
    const decoder = new MessageDecoder();
    const deep = nested(150, () => 601);
    const all = typeOfAll("proto3");
    for (let i = 0; i < 3; i++) {
      assertSame(decoder, all, deep);
      assertSame(
        decoder,
        all,
        nested(100, () => 601),
      );
    }
  });
});

/** So many messages, each in the one before. */
function nested(depth: number, numberAt: (depth: number) => number): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let i = depth - 2; i >= 0; i--) {
    bytes = new BinaryWriter().tag(numberAt(i), WireType.LengthDelimited).bytes(bytes).finish();
  }
  return bytes;
}
