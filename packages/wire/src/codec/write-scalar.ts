import { ScalarType } from "@bufbuild/protobuf";
import type { Sink } from "./sink.js";

/** A value that is not what its field holds: the library's own encoder is to find the words for it. */
export class BadValue extends Error {
  override readonly name = "BadValue";
}

export type WriteScalar = (sink: Sink, value: unknown) => void;

/** The wire types of protobuf's encoding. */
export const WireType = { varint: 0, bit64: 1, lengthDelimited: 2, bit32: 5 } as const;

export function wireTypeOf(type: ScalarType): number {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.bit32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.lengthDelimited;
    default:
      return WireType.varint;
  }
}

/** The function that writes a value of this type without its tag. */
export function scalarWriter(type: ScalarType): WriteScalar {
  switch (type) {
    case ScalarType.STRING:
      return (sink, value) => {
        if (typeof value !== "string") throw new BadValue();
        sink.string(value);
      };
    case ScalarType.BYTES:
      return (sink, value) => {
        if (!(value instanceof Uint8Array)) throw new BadValue();
        sink.uint32(value.length);
        sink.raw(value);
      };
    case ScalarType.BOOL:
      return (sink, value) => sink.uint32(value ? 1 : 0);
    case ScalarType.UINT32:
      return (sink, value) => sink.uint32(uint32(value));
    case ScalarType.INT32:
      return (sink, value) => {
        const number = int32(value);
        if (number >= 0) sink.uint32(number);
        else sink.varint64(BigInt(number));
      };
    case ScalarType.SINT32:
      return (sink, value) => {
        const number = int32(value);
        sink.uint32(((number << 1) ^ (number >> 31)) >>> 0);
      };
    case ScalarType.INT64:
      return (sink, value) => sink.varint64(bigint(value, minInt64, maxInt64));
    case ScalarType.UINT64:
      return (sink, value) => sink.varint64(bigint(value, 0n, maxUint64));
    case ScalarType.SINT64:
      return (sink, value) => {
        const number = bigint(value, minInt64, maxInt64);
        sink.varint64((number << 1n) ^ (number >> 63n));
      };
    default:
      return fixedWriter(type);
  }
}

function fixedWriter(type: ScalarType): WriteScalar {
  const size = wireTypeOf(type) === WireType.bit32 ? 4 : 8;
  const write = fixedInto(type);
  return (sink, value) => {
    sink.reserve(size);
    write(sink.bytes, sink.position, value);
    sink.position += size;
  };
}

function fixedInto(type: ScalarType): (bytes: Buffer, at: number, value: unknown) => void {
  switch (type) {
    case ScalarType.FIXED32:
      return (bytes, at, value) => bytes.writeUInt32LE(uint32(value), at);
    case ScalarType.SFIXED32:
      return (bytes, at, value) => bytes.writeInt32LE(int32(value), at);
    case ScalarType.FIXED64:
      return (bytes, at, value) => bytes.writeBigUInt64LE(bigint(value, 0n, maxUint64), at);
    case ScalarType.SFIXED64:
      return (bytes, at, value) => bytes.writeBigInt64LE(bigint(value, minInt64, maxInt64), at);
    case ScalarType.FLOAT:
      return (bytes, at, value) => {
        if (typeof value !== "number" || (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))) {
          throw new BadValue();
        }
        bytes.writeFloatLE(value, at);
      };
    default:
      return (bytes, at, value) => {
        if (typeof value !== "number") throw new BadValue();
        bytes.writeDoubleLE(value, at);
      };
  }
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;

function int32(value: unknown): number {
  if (typeof value !== "number" || (value | 0) !== value) throw new BadValue();
  return value;
}

function uint32(value: unknown): number {
  if (typeof value !== "number" || value >>> 0 !== value) throw new BadValue();
  return value;
}

function bigint(value: unknown, min: bigint, max: bigint): bigint {
  if (typeof value !== "bigint" || value < min || value > max) throw new BadValue();
  return value;
}
