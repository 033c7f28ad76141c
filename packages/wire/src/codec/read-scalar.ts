import { protoInt64, ScalarType } from "@bufbuild/protobuf";
import type { Source } from "./source.js";

/** Reads a value without its tag. */
export type ReadValue = (source: Source) => unknown;

/** The function that reads a value of this type. */
export function scalarReader(type: ScalarType, isStrictUtf8: boolean, longAsString: boolean): ReadValue {
  switch (type) {
    case ScalarType.STRING:
      return isStrictUtf8 ? (source) => source.string(true) : (source) => source.string(false);
    case ScalarType.BYTES:
      return (source) => source.copy();
    case ScalarType.BOOL:
      return (source) => {
        source.varint64();
        return source.low !== 0 || source.high !== 0;
      };
    case ScalarType.UINT32:
      return (source) => source.uint32();
    case ScalarType.INT32:
      return (source) => source.uint32() | 0;
    case ScalarType.SINT32:
      return (source) => {
        const coded = source.uint32();
        return (coded >>> 1) ^ -(coded & 1);
      };
    case ScalarType.FIXED32:
      return (source) => source.fixed32() >>> 0;
    case ScalarType.SFIXED32:
      return (source) => source.fixed32();
    case ScalarType.FLOAT:
      return (source) => source.float();
    case ScalarType.DOUBLE:
      return (source) => source.double();
    default: {
      const read = longReader(type);
      return longAsString ? (source) => String(read(source)) : read;
    }
  }
}

/** A 64-bit number as the library has it: a bigint, or a string where it was told to do without bigints. */
function longReader(type: ScalarType): (source: Source) => bigint | string {
  switch (type) {
    case ScalarType.UINT64:
      return (source) => {
        source.varint64();
        return protoInt64.uDec(source.low, source.high);
      };
    case ScalarType.SINT64:
      return (source) => {
        source.varint64();
        const { low, high } = source;
        const sign = -(low & 1);
        return protoInt64.dec(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
      };
    case ScalarType.FIXED64:
      return (source) => protoInt64.uDec(source.fixed32(), source.fixed32());
    case ScalarType.SFIXED64:
      return (source) => protoInt64.dec(source.fixed32(), source.fixed32());
    default:
      return (source) => {
        source.varint64();
        return protoInt64.dec(source.low, source.high);
      };
  }
}
