import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, createFileRegistry, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { MessageEncoder } from "./message-encoder.js";
import { scalars, typeOfAll } from "./types.testing.js";

/** A message with every scalar type in every form, an enum, itself as field, list and oneof, and high field numbers. */
function everything(): DescMessage {
  const fields = scalars.flatMap((type, i) => [
    { name: `one_${i}`, number: i + 1, type, label: Label.OPTIONAL },
    { name: `maybe_${i}`, number: i + 101, type, label: Label.OPTIONAL, proto3Optional: true, oneofIndex: i + 1 },
    { name: `many_${i}`, number: i + 2001, type, label: Label.REPEATED },
    { name: `unpacked_${i}`, number: i + 30001, type, label: Label.REPEATED, options: { packed: false } },
    { name: `choice_${i}`, number: i + 400_001, type, label: Label.OPTIONAL, oneofIndex: 0 },
  ]);
  const self = { type: Type.MESSAGE, typeName: ".t.All" };
  const file = create(FileDescriptorProtoSchema, {
    name: "all.proto",
    package: "t",
    syntax: "proto3",
    enumType: [
      {
        name: "E",
        value: [
          { name: "ZERO", number: 0 },
          { name: "LOW", number: -5 },
        ],
      },
    ],
    messageType: [
      {
        name: "All",
        field: [
          ...fields,
          { name: "self", number: 90, label: Label.OPTIONAL, ...self },
          { name: "selves", number: 91, label: Label.REPEATED, ...self },
          { name: "choice_self", number: 92, label: Label.OPTIONAL, oneofIndex: 0, ...self },
          { name: "e", number: 93, type: Type.ENUM, typeName: ".t.E", label: Label.OPTIONAL },
          { name: "es", number: 94, type: Type.ENUM, typeName: ".t.E", label: Label.REPEATED },
        ],
        oneofDecl: [{ name: "choice" }, ...scalars.map((_, i) => ({ name: `_maybe_${i}` }))],
      },
    ],
  });
  return createFileRegistry(file, () => undefined).getMessage("t.All")!;
}

const values: Readonly<Record<number, fc.Arbitrary<unknown>>> = {
  [ScalarType.DOUBLE]: fc.double(),
  [ScalarType.FLOAT]: fc.float(),
  [ScalarType.INT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.FIXED64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.FIXED32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 300 }), fc.constant("\ud800")),
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 300 }),
  [ScalarType.UINT32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.SFIXED32]: fc.integer(),
  [ScalarType.SFIXED64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.SINT32]: fc.integer(),
  [ScalarType.SINT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
};

/** Messages of a type with some of its fields set. */
function messages(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const one = (field: DescMessage["fields"][number]): fc.Arbitrary<unknown> => {
    if (field.message !== undefined)
      return depth === 0 ? fc.constant(create(field.message)) : messages(field.message, depth - 1);
    return field.enum === undefined
      ? (values[field.scalar] as fc.Arbitrary<unknown>)
      : fc.constantFrom(...field.enum.values.map((v) => v.number), 77);
  };
  const setters = desc.fields.flatMap((field) => {
    if (field.fieldKind === "map") return [];
    const value = field.fieldKind === "list" ? fc.array(one(field), { maxLength: 5 }) : one(field);
    return [value.map((set) => [field, set] as const)];
  });
  if (setters.length === 0) return fc.constant(create(desc));
  return fc.array(fc.oneof(...setters), { maxLength: 8 }).map((chosen) => {
    const message = create(desc) as unknown as Record<string, unknown>;
    for (const [field, value] of chosen) {
      if (field.oneof === undefined) message[field.localName] = value;
      else message[field.oneof.localName] = { case: field.localName, value };
    }
    return message as unknown as Message;
  });
}

function assertSame(encoder: MessageEncoder, desc: DescMessage, message: Message): void {
  assert.equal(
    Buffer.from(encoder.encode(desc, message)).toString("hex"),
    Buffer.from(toBinary(desc, message)).toString("hex"),
  );
}

function assertSameAsCreated(encoder: MessageEncoder, desc: DescMessage, init: unknown): void {
  const ours = () => Buffer.from(encoder.encode(desc, init as Message)).toString("hex");
  let expected: string;
  try {
    expected = Buffer.from(toBinary(desc, create(desc, init as Message))).toString("hex");
  } catch (error) {
    assert.throws(ours, { message: (error as Error).message });
    return;
  }
  assert.equal(ours(), expected);
}

/** What create makes such a message of: without names of types, without some of what is empty, with nulls, lists of numbers for bytes. */
function initOf(value: unknown, some: fc.Arbitrary<boolean>): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return fc.tuple(...value.map((item) => initOf(item, some)));
  if (value instanceof Uint8Array) return some.map((asList) => (asList ? [...value] : value));
  if (typeof value !== "object" || value === null) return fc.constant(value);
  const fields = Object.entries(value).filter(([name]) => name !== "$typeName");
  const inits = fields.map(([name, field]) =>
    fc.tuple(initOf(field, some), some, some).map(([init, isAbsent, isNull]) => {
      if (!isAbsent || !isEmpty(field)) return [[name, init] as const];
      return isNull ? [[name, null] as const] : [];
    }),
  );
  return some.chain((asMessage) =>
    asMessage ? fc.constant(value) : fc.tuple(...inits).map((entries) => Object.fromEntries(entries.flat())),
  );
}

function isEmpty(value: unknown): boolean {
  return value === 0 || value === 0n || value === "" || value === false || (Array.isArray(value) && value.length === 0);
}

describe("our encoder gives the bytes of toBinary", () => {
  const all = everything();

  test("for every type and form of field", () => {
    const encoder = new MessageEncoder();
    fc.assert(
      fc.property(messages(all, 2), (message) => assertSame(encoder, all, message)),
      { numRuns: 500 },
    );
  });

  test("for what create would make a message of", () => {
    const encoder = new MessageEncoder();
    const seldom = fc.integer({ min: 0, max: 3 }).map((n) => n === 0);
    for (const desc of [all, FileDescriptorProtoSchema, typeOfAll("editions")]) {
      const inits = messages(desc, 2).chain((message) => initOf(message, seldom));
      fc.assert(
        fc.property(inits, (init) => assertSameAsCreated(encoder, desc, init)),
        { numRuns: 300 },
      );
    }
  });

  test("for what create makes an empty message or another one of", () => {
    const encoder = new MessageEncoder();
    const inherited = Object.create({ one4: 5, self: { one4: 6 }, choice: { case: "choice4", value: 7 } }) as object;
    const inits = [
      undefined,
      null,
      5,
      "x",
      inherited,
      create(TimestampSchema, { nanos: 5 }),
      { $typeName: 5, one4: 3 },
      { choice: null, self: null, selves: null, many4: null, one9: null, maybe4: null, e: null },
      { choice: { case: "none of them", value: 1 } },
      { choice: { case: undefined, value: 1 } },
      { $unknown: [{ no: 5000, wireType: WireType.Varint, data: Uint8Array.of(1) }] },
      { self: { $unknown: [{ no: 5000, wireType: WireType.Varint, data: Uint8Array.of(1) }] } },
    ];
    for (const init of inits) assertSameAsCreated(encoder, all, init);
    for (const desc of [StructSchema, StringValueSchema, FileDescriptorProtoSchema]) {
      for (const init of inits) assertSameAsCreated(encoder, desc, init);
    }
  });

  test("for messages of a megabyte, and small ones after them", () => {
    const encoder = new MessageEncoder();
    for (const size of [0, 127, 128, 16_383, 16_384, 3_000_000, 1]) {
      const inner = create(all, { choice: { case: "choice9", value: new Uint8Array(size).fill(3) } });
      assertSame(encoder, all, create(all, { self: inner, selves: [inner, inner] }));
    }
  });

  test("for the types that are left to it: maps, wrappers, Struct, proto2", () => {
    const encoder = new MessageEncoder();
    assertSame(
      encoder,
      StructSchema,
      create(StructSchema, { fields: { a: { kind: { case: "numberValue", value: 1 } } } }),
    );
    const list = {
      kind: { case: "structValue", value: { fields: { a: { kind: { case: "numberValue", value: 1 } } } } },
    } as const;
    assertSame(encoder, ValueSchema, create(ValueSchema, list));
    assertSame(encoder, StringValueSchema, create(StringValueSchema, { value: "x" }));
    assertSame(encoder, TimestampSchema, create(TimestampSchema, { seconds: -5n, nanos: 7 }));
    const file = create(FileDescriptorProtoSchema, {
      name: "a.proto",
      messageType: [{ name: "M" }],
      options: { javaPackage: "p" },
    });
    assertSame(encoder, FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }));
  });

  test("for unknown fields", () => {
    const message = create(all);
    message.$unknown = [
      { no: 5000, wireType: WireType.Varint, data: Uint8Array.of(0x96, 1) },
      { no: 536_870_911, wireType: WireType.LengthDelimited, data: Uint8Array.of(2, 7, 8) },
    ];
    assertSame(new MessageEncoder(), all, message);
  });

  test("and its errors for values that no field can hold", () => {
    const encoder = new MessageEncoder();
    const wrong: Record<string, unknown>[] = [
      { one4: 2 ** 31 },
      { one10: -1 },
      { one4: 1.5 },
      { one4: "x" },
      { one2: 2n ** 64n },
      { one1: 1e300 },
      { one9: "no bytes" },
      { self: 5 },
      { self: { one4: 5 } },
      { selves: [{}] },
      { many4: undefined },
      { many4: new Set([1]) },
      { one4: undefined },
      { choice: { case: "choice9", value: undefined } },
    ];
    for (const values of wrong) {
      assertSameAsCreated(encoder, all, values);
      const message = Object.assign(create(all), values);
      let expected: unknown;
      try {
        toBinary(all, message);
      } catch (error) {
        expected = error;
      }
      if (expected === undefined) assertSame(encoder, all, message);
      else assert.throws(() => encoder.encode(all, message), { message: (expected as Error).message });
    }
  });
});
