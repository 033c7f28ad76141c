import { type DescField, protoInt64, ScalarType } from "@bufbuild/protobuf";
import type { Fields } from "./message-factory.js";
import { type ReadField, type ReaderOf, readInner } from "./message-reader.js";
import { scalarReader } from "./read-scalar.js";
import type { Source } from "./source.js";
import { WireType, wireTypeOf } from "./write-scalar.js";

const keyField = 1;
const valueField = 2;

/** Compiles the reader of one entry of a map. */
export function compileMap(field: DescField & { fieldKind: "map" }, readerOf: ReaderOf): ReadField {
  const name = field.localName;
  const readKey = scalarReader(field.mapKey, field.utf8Validation, false);
  const keyTag = (keyField << 3) | wireTypeOf(field.mapKey);
  const absentKey = absentScalar(field.mapKey);
  const value = compileMapValue(field, readerOf);
  const valueTag = (valueField << 3) | value.wireType;
  return (source, message) => {
    const length = source.length();
    const outerEnd = source.end;
    source.end = source.position + length;
    let key: unknown;
    let item: unknown;
    while (source.position < source.end) {
      const tag = source.tag();
      if (tag === keyTag) key = readKey(source);
      else if (tag === valueTag) item = value.read(source, item);
      else {
        const no = tag >>> 3;
        if (no <= valueField) throw source.unreadable;
        source.skip(tag & 7);
      }
    }
    source.end = outerEnd;
    setOwn(message[name] as Fields, String(key ?? absentKey()), item ?? value.absent());
  };
}

interface MapValue {
  readonly wireType: number;
  /** Reads a value, into the one before it when an entry has two. */
  readonly read: (source: Source, before: unknown) => unknown;
  readonly absent: () => unknown;
}

function compileMapValue(field: DescField & { fieldKind: "map" }, readerOf: ReaderOf): MapValue {
  switch (field.mapKind) {
    case "message": {
      const reader = readerOf(field.message);
      return {
        wireType: WireType.lengthDelimited,
        read: (source, before) => readInner(source, reader, (before as Fields | undefined) ?? reader.create()),
        absent: () => reader.create(),
      };
    }
    case "enum": {
      const zero = field.enum.values[0]!.number;
      return { wireType: WireType.varint, read: (source) => source.uint32() | 0, absent: () => zero };
    }
    default:
      return {
        wireType: wireTypeOf(field.scalar),
        read: scalarReader(field.scalar, field.utf8Validation, false),
        absent: absentScalar(field.scalar),
      };
  }
}

function setOwn(target: Fields, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** What stands for a part of a map entry that is not on the wire. */
function absentScalar(type: ScalarType): () => unknown {
  switch (type) {
    case ScalarType.STRING:
      return () => "";
    case ScalarType.BYTES:
      return () => new Uint8Array(0);
    case ScalarType.BOOL:
      return () => false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return () => protoInt64.zero;
    default:
      return () => 0;
  }
}
