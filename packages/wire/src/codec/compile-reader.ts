import { type DescField, type DescMessage, type Message, mergeFromBinary } from "@bufbuild/protobuf";
import { compileField } from "./compile-field-reader.js";
import { type Fields, messageFactory } from "./message-factory.js";
import type { MessageReader, ReadField } from "./message-reader.js";
import type { Source } from "./source.js";

/** How deep messages may be nested, as in protobuf-es. */
const maxDepth = 100;
/** Tags below are one byte and found by index. */
const shortTags = 0x80;

/**
 * Compiles the reader of a message type from its descriptor. Types with fields that are rare or stored in another form
 * (groups, Struct) are left to mergeFromBinary.
 */
export function compileReader(desc: DescMessage, compiled: WeakMap<DescMessage, MessageReader>): MessageReader {
  const known = compiled.get(desc);
  if (known !== undefined) return known;
  const create = messageFactory(desc);
  if (!desc.fields.every(isOrdinary)) {
    const whole: MessageReader = { create, read: (source, message) => readWhole(desc, source, message) };
    compiled.set(desc, whole);
    return whole;
  }
  const short: (ReadField | undefined)[] = Array.from({ length: shortTags });
  const long = new Map<number, ReadField>();
  const numbers = new Set<number>();
  const reader: MessageReader = {
    create,
    read: (source, message) => {
      if (++source.depth > maxDepth) throw source.unreadable;
      let unknown: unknown[] | undefined;
      while (source.position < source.end) {
        const tag = source.tag();
        const readField = tag < shortTags ? short[tag] : long.get(tag);
        if (readField !== undefined) readField(source, message);
        else {
          // A field that the type has, but in another wire type, is left to fromBinary.
          if (numbers.has(tag >>> 3)) throw source.unreadable;
          unknown ??= (message.$unknown as unknown[] | undefined) ?? [];
          unknown.push(readUnknown(source, tag));
        }
      }
      if (unknown !== undefined) message.$unknown = unknown;
      source.depth--;
    },
  };
  // Before its fields are compiled: a type may contain itself.
  compiled.set(desc, reader);
  for (const field of desc.fields) {
    numbers.add(field.number);
    for (const [wireType, readField] of compileField(field, (desc) => compileReader(desc, compiled))) {
      const tag = ((field.number << 3) | wireType) >>> 0;
      if (tag < shortTags) short[tag] = readField;
      else long.set(tag, readField);
    }
  }
  return reader;
}

function isOrdinary(field: DescField): boolean {
  const { message } = field;
  if (message === undefined) return true;
  const isGroup = "delimitedEncoding" in field && field.delimitedEncoding;
  const isJson = message.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value";
  return !isGroup && !isJson;
}

function readWhole(desc: DescMessage, source: Source, message: Fields): void {
  const bytes = source.copyOf(source.position, source.end);
  try {
    mergeFromBinary(desc, message as unknown as Message, bytes, { recursionLimit: maxDepth - source.depth });
  } catch {
    throw source.unreadable;
  }
  source.position = source.end;
}

function readUnknown(source: Source, tag: number): unknown {
  const no = tag >>> 3;
  const wireType = tag & 7;
  if (no === 0) throw source.unreadable;
  const start = source.position;
  source.skip(wireType);
  return { no, wireType, data: source.copyOf(start, source.position) };
}
