import { type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import type { Sink } from "./sink.js";
import { BadValue, scalarWriter, WireType, wireTypeOf } from "./write-scalar.js";

/** Writes a message. Throws BadValue where the library's own encoder must decide. */
export type WriteMessage = (sink: Sink, message: Message) => void;

// Numbers of google.protobuf.FeatureSet.FieldPresence; importing its enum would load all well-known types.
const implicitPresence = 2;
const requiredPresence = 3;

/** Types that a message does not hold as messages: google.protobuf.Struct and the wrappers of scalars. */
const storedOtherwise = /^google\.protobuf\.(Struct|(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value)$/;

type Fields = Readonly<Record<string, unknown>>;
type WriteField = (sink: Sink, message: Fields) => void;

/**
 * Compiles the encoder of a message type from its descriptor. Its bytes are those of protobuf-es's toBinary. Types with
 * fields that are rare or stored in another form (maps, groups, required fields, wrappers, Struct) are left to toBinary.
 */
export function compileMessage(desc: DescMessage, compiled: WeakMap<DescMessage, WriteMessage>): WriteMessage {
  const known = compiled.get(desc);
  if (known !== undefined) return known;
  const { typeName } = desc;
  const fields: WriteField[] = [];
  const write: WriteMessage = (sink, message) => {
    if (message.$typeName !== typeName) throw new BadValue();
    for (let i = 0; i < fields.length; i++) fields[i]!(sink, message);
    if (message.$unknown !== undefined) writeUnknown(sink, message.$unknown);
  };
  if (!desc.fields.every(isOrdinary)) {
    const whole: WriteMessage = (sink, message) => sink.raw(toBinary(desc, message));
    compiled.set(desc, whole);
    return whole;
  }
  // Before its fields are compiled: a type may contain itself.
  compiled.set(desc, write);
  for (const field of desc.fields.toSorted((a, b) => a.number - b.number)) fields.push(compileField(field, compiled));
  return write;
}

function isOrdinary(field: DescField): boolean {
  const presence: number = field.presence;
  if (presence === requiredPresence || field.fieldKind === "map") return false;
  const { message } = field;
  if (message === undefined) return true;
  const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
  return !isGroup && !storedOtherwise.test(message.typeName);
}

function compileField(field: DescField, compiled: WeakMap<DescMessage, WriteMessage>): WriteField {
  const name = field.localName;
  const writeValue = compileValue(field, compiled);
  if (field.fieldKind === "list") {
    const packed = field.packed ? compilePacked(field) : undefined;
    return (sink, message) => {
      const items = message[name] as readonly unknown[];
      if (items.length === 0) return;
      if (packed !== undefined) return packed(sink, items);
      for (let i = 0; i < items.length; i++) writeValue(sink, items[i]);
    };
  }
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return (sink, message) => {
      const oneof = message[group] as { case?: string; value?: unknown };
      if (oneof.case === name) writeValue(sink, oneof.value);
    };
  }
  const presence: number = field.presence;
  if (presence !== implicitPresence) {
    return (sink, message) => {
      const value = message[name];
      if (value !== undefined && Object.hasOwn(message, name)) writeValue(sink, value);
    };
  }
  const isZero = zeroTest(field);
  return (sink, message) => {
    const value = message[name];
    if (!isZero(value)) writeValue(sink, value);
  };
}

/** Whether a value is the one that a field without presence does not send. */
function zeroTest(field: DescField): (value: unknown) => boolean {
  if (field.fieldKind === "enum") {
    const zero = field.enum.values[0]!.number;
    return (value) => value === zero;
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return (value) => value === false;
    case ScalarType.STRING:
      return (value) => value === "";
    case ScalarType.BYTES:
      return (value) => value instanceof Uint8Array && value.length === 0;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (value) => Object.is(value, 0);
    default:
      return (value) => value === 0 || value === 0n;
  }
}

/** Writes one value with its tag. */
function compileValue(
  field: DescField,
  compiled: WeakMap<DescMessage, WriteMessage>,
): (sink: Sink, value: unknown) => void {
  if (field.message !== undefined) {
    const tag = ((field.number << 3) | WireType.lengthDelimited) >>> 0;
    const writeMessage = compileMessage(field.message, compiled);
    return (sink, value) => {
      if (typeof value !== "object" || value === null) throw new BadValue();
      sink.uint32(tag);
      const start = sink.fork();
      writeMessage(sink, value as Message);
      sink.join(start);
    };
  }
  const type = field.scalar ?? ScalarType.INT32;
  const tag = ((field.number << 3) | wireTypeOf(type)) >>> 0;
  const writeScalar = scalarWriter(type);
  return (sink, value) => {
    sink.uint32(tag);
    writeScalar(sink, value);
  };
}

function compilePacked(field: DescField): (sink: Sink, items: readonly unknown[]) => void {
  const tag = ((field.number << 3) | WireType.lengthDelimited) >>> 0;
  const writeScalar = scalarWriter(field.scalar ?? ScalarType.INT32);
  return (sink, items) => {
    sink.uint32(tag);
    const start = sink.fork();
    for (let i = 0; i < items.length; i++) writeScalar(sink, items[i]);
    sink.join(start);
  };
}

function writeUnknown(sink: Sink, unknown: NonNullable<Message["$unknown"]>): void {
  for (const { no, wireType, data } of unknown) {
    sink.uint32(((no << 3) | wireType) >>> 0);
    sink.raw(data);
  }
}
