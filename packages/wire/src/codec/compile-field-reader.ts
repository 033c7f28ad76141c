import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { compileMap } from "./compile-map-reader.js";
import type { Fields } from "./message-factory.js";
import { type ReadField, type ReaderOf, readInner } from "./message-reader.js";
import { type ReadValue, scalarReader } from "./read-scalar.js";
import { WireType, wireTypeOf } from "./write-scalar.js";

/** The readers of a field, by the wire types in which it may come. */
export function compileField(field: DescField, readerOf: ReaderOf): readonly (readonly [number, ReadField])[] {
  switch (field.fieldKind) {
    case "message":
      return [[WireType.lengthDelimited, compileMessageField(field, readerOf)]];
    case "map":
      return [[WireType.lengthDelimited, compileMap(field, readerOf)]];
    case "list":
      return compileList(field, readerOf);
    case "enum":
      return [[WireType.varint, setter(field, enumReader(field))]];
    default: {
      const read = scalarReader(field.scalar, field.utf8Validation, field.longAsString);
      return [[wireTypeOf(field.scalar), setter(field, read)]];
    }
  }
}

function setter(field: DescField, read: ReadValue): ReadField {
  const name = field.localName;
  if (field.oneof === undefined) {
    return (source, message) => {
      message[name] = read(source);
    };
  }
  const group = field.oneof.localName;
  return (source, message) => {
    message[group] = { case: name, value: read(source) };
  };
}

/** A closed enum's unknown values become unknown fields, which is left to fromBinary. */
function enumReader(field: DescField & { fieldKind: "enum" }): ReadValue {
  if (field.enum.open) return (source) => source.uint32() | 0;
  const numbers = new Set(field.enum.values.map((value) => value.number));
  return (source) => {
    const value = source.uint32() | 0;
    if (!numbers.has(value)) throw source.unreadable;
    return value;
  };
}

function compileMessageField(field: DescField & { fieldKind: "message" }, readerOf: ReaderOf): ReadField {
  const name = field.localName;
  const reader = readerOf(field.message);
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return (source, message) => {
      const before = message[group] as { case?: string; value?: unknown };
      const inner = before.case === name ? (before.value as Fields) : reader.create();
      message[group] = { case: name, value: readInner(source, reader, inner) };
    };
  }
  if (isWrapper(field.message)) {
    return (source, message) => {
      const inner = reader.create();
      if (message[name] !== undefined) inner["value"] = message[name];
      message[name] = readInner(source, reader, inner)["value"];
    };
  }
  return (source, message) => {
    const inner = message[name] as Fields | undefined;
    message[name] = readInner(source, reader, inner ?? reader.create());
  };
}

/** Whether a field of this type holds the wrapped value in place of the message. */
function isWrapper({ typeName, fields: [field] }: DescMessage): boolean {
  const isNamed = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/.test(typeName);
  return isNamed && field?.fieldKind === "scalar" && field.name === "value" && field.number === 1;
}

function compileList(field: DescField & { fieldKind: "list" }, readerOf: ReaderOf): [number, ReadField][] {
  const name = field.localName;
  if (field.listKind === "message") {
    const reader = readerOf(field.message);
    const read: ReadField = (source, message) => {
      (message[name] as unknown[]).push(readInner(source, reader, reader.create()));
    };
    return [[WireType.lengthDelimited, read]];
  }
  const type = field.listKind === "enum" ? ScalarType.INT32 : field.scalar;
  const longAsString = field.listKind === "scalar" && field.longAsString;
  const readItem = scalarReader(type, field.utf8Validation, longAsString);
  const one: ReadField = (source, message) => {
    (message[name] as unknown[]).push(readItem(source));
  };
  const wireType = wireTypeOf(type);
  if (wireType === WireType.lengthDelimited) return [[wireType, one]];
  const packed: ReadField = (source, message) => {
    const items = message[name] as unknown[];
    const length = source.length();
    const outerEnd = source.end;
    source.end = source.position + length;
    while (source.position < source.end) items.push(readItem(source));
    source.end = outerEnd;
  };
  return [
    [wireType, one],
    [WireType.lengthDelimited, packed],
  ];
}
