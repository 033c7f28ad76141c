import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ScalarType,
  create,
  createRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import {
  AnySchema,
  anyPack,
  BytesValueSchema,
  DoubleValueSchema,
  FloatValueSchema,
  Int64ValueSchema,
  type ListValue,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
  UInt64ValueSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { encodings } from "../codec/encodings.testing.js";
import { typeOfAll } from "../codec/types.testing.js";
import { sum, withJsonNames } from "./greeter.testing.js";
import { parseExact } from "./json-text.js";
import type { MessageForm } from "./message-form.js";
import { MessageReader } from "./message-reader.js";
import { MessageWriter } from "./message-writer.js";

const forms: readonly MessageForm[] = [{}, { fieldNames: "proto", integers64: "string", enums: "name" }];
const all = withJsonNames(typeOfAll("proto3"));
const write = (...[desc, init]: Parameters<MessageWriter["write"]>) => new MessageWriter({}).write(desc, init);
const read = (...[desc, text]: [Parameters<MessageReader["read"]>[0], string]) =>
  new MessageReader({}).read(desc, parseExact(text));

/** The same message, made in the one way that leaves nothing to chance; NaN is itself then. */
const again = (message: Message) => fromBinary(all, toBinary(all, message));

for (const form of forms) {
  test(`messages of every kind survive in the form ${JSON.stringify(form)} [PIE-16, PIE-17]`, () => {
    const writer = new MessageWriter(form);
    const reader = new MessageReader({});
    let survived = 0;
    fc.assert(
      fc.property(encodings(all, 3, false), (bytes) => {
        const message = fromBinary(all, bytes);
        let text: string;
        try {
          text = writer.write(all, message);
        } catch (error) {
          // An empty Value, and numbers of enums that have no name, have no JSON.
          return assert.match(String(error), /Value|enum|not a value/);
        }
        survived++;
        assert.deepEqual(again(reader.read(all, parseExact(text))), again(message), text);
      }),
      { numRuns: 300 },
    );
    assert.ok(survived > 100, `${survived} messages had a JSON`);
  });
}

test("the default form is what Go reads into plain types [PIE-16]", () => {
  const large = { firstNumber: 2n ** 63n - 1n, secondNumber: -(2n ** 63n), terms: [1n, 9007199254740993n] };
  assert.equal(
    write(sum, large),
    '{"firstNumber":9223372036854775807,"secondNumber":-9223372036854775808,"terms":[1,9007199254740993]}',
  );
  assert.equal(
    new MessageWriter({ fieldNames: "proto", integers64: "string" }).write(sum, large),
    '{"first_number":"9223372036854775807","second_number":"-9223372036854775808","terms":["1","9007199254740993"]}',
  );
  assert.equal(write(sum, {}), "{}");
  assert.equal(write(BytesValueSchema, { value: Buffer.from("a?>") }), '"YT8+"');
  assert.equal(write(TimestampSchema, { seconds: 1n }), '"1970-01-01T00:00:01Z"');
});

test("wrapped values are bare [PIE-16]", () => {
  assert.equal(write(StringValueSchema, { value: "<Ann>" }), '"<Ann>"');
  assert.equal(write(StringValueSchema, {}), '""');
  assert.equal(write(UInt64ValueSchema, { value: 2n ** 64n - 1n }), "18446744073709551615");
  assert.equal(write(DoubleValueSchema, { value: -0 }), "-0");
  assert.equal(write(FloatValueSchema, { value: Number.NaN }), '"NaN"');
  assert.deepEqual(read(Int64ValueSchema, "9007199254740993"), create(Int64ValueSchema, { value: 9007199254740993n }));
  assert.deepEqual(
    read(DoubleValueSchema, "12345678901234567890"),
    create(DoubleValueSchema, { value: 12345678901234567000 }),
  );
});

test("zero keeps its sign where protobuf-es takes it for unset [PIE-16]", () => {
  const field = all.fields.find(
    ({ fieldKind, scalar, oneof }) => fieldKind === "scalar" && scalar === ScalarType.DOUBLE && oneof === undefined,
  )!;
  const text = write(all, { [field.localName]: -0 });
  assert.equal(text, `{"${field.jsonName}":-0}`);
});

test("names of fields are read in any case, with or without underscores [PIE-17]", () => {
  for (const name of ["firstNumber", "first_number", "FirstNumber", "FIRST_NUMBER", "firstnumber"]) {
    assert.deepEqual(
      read(sum, `{"${name}":7,"unknown":[9007199254740993],"__proto__":{"a":1}}`),
      create(sum, { firstNumber: 7n }),
    );
  }
  assert.deepEqual(read(sum, '{"FirstNumber":1,"Terms":null}'), create(sum, { firstNumber: 1n }));
});

test("long integers are read bare and in quotes [PIE-17]", () => {
  const expected = create(sum, { firstNumber: 9007199254740993n, terms: [-9007199254740993n, 2n] });
  assert.deepEqual(read(sum, '{"firstNumber":9007199254740993,"terms":[-9007199254740993,2]}'), expected);
  assert.deepEqual(read(sum, '{"firstNumber":"9007199254740993","terms":["-9007199254740993","2"]}'), expected);
  assert.throws(() => read(sum, '{"firstNumber":9223372036854775808}'), /first_number/);
});

test("values of any shape keep theirs [PIE-17]", () => {
  const shape: JsonValue = { a: [1, "x", null, { b: -1.5 }], c: true };
  for (const type of [ValueSchema, StructSchema]) {
    const message: Message = fromJson(type, shape);
    assert.deepEqual(toBinary(type, read(type, write(type, message)) as never), toBinary(type, message as never));
  }
  const list = read(ListValueSchema, "[12345678901234567890]") as ListValue;
  assert.deepEqual(list.values[0]?.kind, { case: "numberValue", value: 12345678901234567000 });
  assert.equal(write(ListValueSchema, list), "[12345678901234567000]");
});

test("a message of any type needs a registry", () => {
  const any = anyPack(Int64ValueSchema, create(Int64ValueSchema, { value: 9007199254740993n }));
  const form = { registry: createRegistry(Int64ValueSchema) };
  const text = new MessageWriter(form).write(AnySchema, any);
  assert.deepEqual(new MessageReader(form).read(AnySchema, parseExact(text)), any);
  assert.throws(() => write(AnySchema, any), /registry/);
});

test("null and nothing are the empty message [PIE-10]", () => {
  const reader = new MessageReader({});
  for (const nothing of [null, undefined]) {
    assert.deepEqual(reader.read(sum, nothing), create(sum));
    assert.deepEqual(reader.read(StringValueSchema, nothing), create(StringValueSchema));
  }
  assert.deepEqual(read(ValueSchema, "null"), fromJson(ValueSchema, null));
});
