import { create, type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import type { Sink } from "./sink.js";
import { BadValue, scalarWriter, WireType, wireTypeOf } from "./write-scalar.js";

/**
 * Writes a message, or what create would make one of where `mayBeInit`. Throws BadValue where the library's own create and
 * encoder must decide.
 */
export type WriteMessage = (sink: Sink, message: unknown, mayBeInit: boolean) => void;

// Numbers of google.protobuf.FeatureSet.FieldPresence; importing its enum would load all well-known types.
const implicitPresence = 2;
const requiredPresence = 3;

/** Types that a message does not hold as messages: google.protobuf.Struct and the wrappers of scalars. */
const storedOtherwise = /^google\.protobuf\.(Struct|(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value)$/;

type Fields = Readonly<Record<string, unknown>> & Partial<Pick<Message, "$typeName" | "$unknown">>;
/** `isInit`: what is null or absent is what an empty message holds, and messages inside may be such, too. */
type WriteField = (sink: Sink, message: Fields, isInit: boolean) => void;

/**
 * Compiles the encoder of a message type from its descriptor. Its bytes are those of protobuf-es's toBinary. Types with
 * fields that are rare or stored in another form (maps, groups, required fields, wrappers, Struct) are left to toBinary.
 */
export function compileMessage(desc: DescMessage, compiled: WeakMap<DescMessage, WriteMessage>): WriteMessage {
  const known = compiled.get(desc);
  if (known !== undefined) return known;
  const { typeName } = desc;
  const fields: WriteField[] = [];
  const write: WriteMessage = (sink, message, mayBeInit) => {
    if (!isFields(message)) throw new BadValue();
    const isInit = mayBeInit && message.$typeName === undefined;
    if (!isInit && message.$typeName !== typeName) throw new BadValue();
    for (let i = 0; i < fields.length; i++) fields[i]!(sink, message, isInit);
    if (!isInit && message.$unknown !== undefined) writeUnknown(sink, message.$unknown);
  };
  if (!desc.fields.every(isOrdinary)) {
    const whole: WriteMessage = (sink, message, mayBeInit) =>
      sink.raw(toBinary(desc, mayBeInit ? create(desc, message as Message) : (message as Message)));
    compiled.set(desc, whole);
    return whole;
  }
  // Before its fields are compiled: a type may contain itself.
  compiled.set(desc, write);
  for (const field of desc.fields.toSorted((a, b) => a.number - b.number)) fields.push(compileField(field, compiled));
  return write;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
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
    return (sink, message, isInit) => {
      const items = message[name];
      if (isInit && items == null) return;
      if (!Array.isArray(items)) throw new BadValue();
      if (items.length === 0) return;
      if (packed !== undefined) return packed(sink, items);
      for (let i = 0; i < items.length; i++) writeValue(sink, items[i], isInit);
    };
  }
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return (sink, message, isInit) => {
      const oneof = message[group] as { case?: string; value?: unknown } | null | undefined;
      if (isInit && oneof == null) return;
      if (oneof!.case === name) writeValue(sink, oneof!.value, isInit);
    };
  }
  const presence: number = field.presence;
  if (presence !== implicitPresence) {
    return (sink, message, isInit) => {
      const value = message[name];
      if (isInit ? value != null : value !== undefined && Object.hasOwn(message, name)) writeValue(sink, value, isInit);
    };
  }
  const isZero = zeroTest(field);
  return (sink, message, isInit) => {
    const value = message[name];
    if (!isZero(value) && !(isInit && value == null)) writeValue(sink, value, isInit);
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
function compileValue(field: DescField, compiled: WeakMap<DescMessage, WriteMessage>): WriteMessage {
  if (field.message !== undefined) {
    const tag = ((field.number << 3) | WireType.lengthDelimited) >>> 0;
    const writeMessage = compileMessage(field.message, compiled);
    return (sink, value, mayBeInit) => {
      if (!isFields(value)) throw new BadValue();
      sink.uint32(tag);
      const start = sink.fork();
      writeMessage(sink, value, mayBeInit);
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
