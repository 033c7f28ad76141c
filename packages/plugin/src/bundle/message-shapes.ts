import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { FieldKind, MessageShape } from "./message-reader.js";

/** The methods of protobuf-es's reader by the number of a scalar type. Descriptors use no other types. */
const scalarKinds: Readonly<Record<number, FieldKind>> = {
  1: "double",
  2: "float",
  3: "int64",
  4: "uint64",
  5: "int32",
  8: "bool",
  9: "string",
  12: "bytes",
  13: "uint32",
};

/**
 * Takes what reading a message needs out of its schema, and of those of all that it holds. The first is that of `schema`.
 *
 * @param create - makes an empty message, as protobuf-es does
 * @throws Error where a field is of a kind that descriptors do not have: a map, a oneof or a group
 */
export function shapesOf(schema: DescMessage, create: (schema: DescMessage) => object): MessageShape[] {
  const schemas: DescMessage[] = [schema];
  const indexOf = (message: DescMessage) => {
    const index = schemas.indexOf(message);
    return index >= 0 ? index : schemas.push(message) - 1;
  };
  const shapes: MessageShape[] = [];
  // The loop adds to what it goes over.
  for (const message of schemas) {
    const unset = Object.getPrototypeOf(create(message)) as Readonly<Record<string, unknown>>;
    const fields = message.fields.map((field) => [
      field.number,
      [field.localName, kindOf(field, indexOf), field.fieldKind === "list"],
    ]);
    shapes.push([message.typeName, unset === Object.prototype ? {} : { ...unset }, Object.fromEntries(fields)]);
  }
  return shapes;
}

function kindOf(field: DescField, indexOf: (message: DescMessage) => number): FieldKind {
  const isPlain =
    field.oneof === undefined &&
    field.fieldKind !== "map" &&
    !("delimitedEncoding" in field && field.delimitedEncoding);
  const { message, enum: enumeration, scalar } = field;
  const kind = message ? indexOf(message) : enumeration ? "int32" : scalar && scalarKinds[scalar];
  if (!isPlain || kind === undefined) throw new Error(`${field.toString()} is of a kind that no descriptor had so far`);
  return kind;
}

/** The shapes as an expression of JavaScript. */
export function formatShapes(shapes: readonly MessageShape[]): string {
  return format(shapes);
}

function format(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `new Uint8Array([${[...value].join()}])`;
  if (Array.isArray(value)) return `[${value.map(format).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${format(each)}`);
  return `{${entries.join()}}`;
}
