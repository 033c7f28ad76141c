import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "node:vm";
import { create, type DescFile, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import * as wkt from "@bufbuild/protobuf/wkt";
import * as core from "@tenon/core";
import { type MessageShape, readMessage } from "./message-reader.js";
import { formatShapes, shapesOf } from "./message-shapes.js";

const schema = wkt.FileDescriptorProtoSchema;
// As they are in a bundle: after a trip through text.
const text = formatShapes(shapesOf(schema, (each) => create(each)));
const shapes = new Script(`(${text})`).runInThisContext() as MessageShape[];

/** Descriptors of all kinds: those that protobuf-es brings, editions and custom options among them, and our own. */
const files: DescFile[] = [
  ...Object.values(wkt).filter((each): each is DescFile => (each as Partial<DescFile>).kind === "file"),
  core.GRPCBroker.file,
  core.GRPCStdio.file,
  core.Health.file,
];

/** A message with its prototypes' values, which `deepEqual` does not look at. */
function whole(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(whole);
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return message;
  const unset = Object.getPrototypeOf(message) as object;
  const own = Object.fromEntries(Object.entries(message).map(([key, value]) => [key, whole(value)]));
  return { own, unset: unset === Object.prototype ? {} : { ...unset } };
}

for (const { proto } of files) {
  test(`reads the descriptor of ${proto.name} as protobuf-es does`, () => {
    const bytes = toBinary(schema, proto);
    const read = readMessage(shapes, new BinaryReader(bytes));
    assert.deepEqual(whole(read), whole(fromBinary(schema, bytes)));
    assert.deepEqual(toBinary(schema, read as Message as typeof proto), bytes);
  });
}

test("keeps what it does not know", () => {
  // A file named "a" with a field 1000 of two bytes, as a custom option would be.
  const bytes = new Uint8Array([0x0a, 1, 0x61, 0xc2, 0x3e, 2, 7, 8]);
  const read = readMessage(shapes, new BinaryReader(bytes));
  assert.deepEqual(whole(read), whole(fromBinary(schema, bytes)));
  assert.ok(Array.isArray(read["$unknown"]));
});

test("reads lists of numbers, packed and not", () => {
  const location = { path: [1, 2, 300], span: [4, 5, 6], leadingComments: "c" };
  const bytes = toBinary(
    schema,
    create(schema, { name: "a", sourceCodeInfo: { location: [location] }, publicDependency: [1, 2] }),
  );
  const read = readMessage(shapes, new BinaryReader(bytes));
  assert.deepEqual(whole(read), whole(fromBinary(schema, bytes)));
});

test("refuses the schema of what is no descriptor", () => {
  assert.throws(() => shapesOf(wkt.StructSchema, (each) => create(each)), /is of a kind that no descriptor had so far/);
});

test("compares files of every kind", () => {
  const names = files.map(({ proto }) => proto.name);
  for (const name of ["descriptor", "cpp_features", "struct", "compiler/plugin"]) {
    assert.ok(names.includes(`google/protobuf/${name}.proto`), names.join(" "));
  }
});
