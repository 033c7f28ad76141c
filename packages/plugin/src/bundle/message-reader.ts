/** What reads a field: the name of a method of protobuf-es's reader, or the number of a message's shape. */
export type FieldKind =
  | "bool"
  | "bytes"
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "string"
  | "uint32"
  | "uint64"
  | number;

/** A field: its name in the message, what reads it, and whether it is a list. */
export type FieldShape = readonly [name: string, kind: FieldKind, isList: boolean];

/** What a message of one type looks like: its type, the values of its unset fields, and its fields by number. */
export type MessageShape = readonly [
  typeName: string,
  unset: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<number, FieldShape>>,
];

/** The part of protobuf-es's `BinaryReader` that is used here. */
export interface Reader extends Record<Exclude<FieldKind, number>, () => unknown> {
  pos: number;
  readonly len: number;
  tag(): [number: number, wireType: number];
  skip(wireType: number, number: number): Uint8Array;
  uint32(): number;
}

const lengthDelimited = 2;

/**
 * Reads a message of the first shape, as `fromBinary` of protobuf-es does with its schema. It runs in bundled plugins: there it spares
 * them the schemas of descriptors, which take longer to make than all else that a plugin does until it serves.
 */
export function readMessage(shapes: readonly MessageShape[], reader: Reader): Record<string, unknown> {
  return readShape(shapes, 0, reader, reader.len);
}

function readShape(shapes: readonly MessageShape[], index: number, reader: Reader, end: number) {
  const [typeName, unset, fields] = shapes[index]!;
  const message = Object.create(unset) as Record<string, unknown>;
  message["$typeName"] = typeName;
  for (const number in fields) {
    const [name, , isList] = fields[number]!;
    if (isList) message[name] = [];
  }
  const unknown: unknown[] = [];
  while (reader.pos < end) {
    const [no, wireType] = reader.tag();
    const field = fields[no];
    if (field === undefined) {
      unknown.push({ no, wireType, data: reader.skip(wireType, no) });
      continue;
    }
    const [name, kind, isList] = field;
    if (!isList) message[name] = readValue(shapes, kind, reader);
    else readList(shapes, kind, reader, wireType, message[name] as unknown[]);
  }
  if (unknown.length > 0) message["$unknown"] = unknown;
  return message;
}

function readValue(shapes: readonly MessageShape[], kind: FieldKind, reader: Reader): unknown {
  if (typeof kind === "string") return reader[kind]();
  const length = reader.uint32();
  return readShape(shapes, kind, reader, reader.pos + length);
}

function readList(shapes: readonly MessageShape[], kind: FieldKind, reader: Reader, wireType: number, list: unknown[]) {
  const isPacked = wireType === lengthDelimited && typeof kind === "string" && kind !== "string" && kind !== "bytes";
  if (!isPacked) {
    list.push(readValue(shapes, kind, reader));
    return;
  }
  const length = reader.uint32();
  const end = reader.pos + length;
  while (reader.pos < end) list.push(reader[kind]());
}
