import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";

type Write = (writer: BinaryWriter) => void;

/**
 * Encodings of messages of a type: fields in any order and more than once, lists packed and not. With noise there are also
 * fields that the type does not have, groups, texts that are not UTF-8, and wire types that are not the field's.
 */
export function encodings(desc: DescMessage, depth: number, noise: boolean): fc.Arbitrary<Uint8Array> {
  const known = { weight: 20, arbitrary: record(desc, depth, noise) };
  return fc.array(fc.oneof(known, ...noisy(noise, unknown)), { maxLength: 6 }).map(written);
}

function noisy<T>(noise: boolean, arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> }[] {
  return noise ? [{ weight: 1, arbitrary }] : [];
}

function written(writes: readonly Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const write of writes) write(writer);
  return writer.finish();
}

function record(desc: DescMessage, depth: number, noise: boolean): fc.Arbitrary<Write> {
  return fc.integer({ min: 0, max: desc.fields.length - 1 }).chain((i) => fieldRecord(desc.fields[i]!, depth, noise));
}

function fieldRecord(field: DescField, depth: number, noise: boolean): fc.Arbitrary<Write> {
  const { wireType, value } = fieldValue(field, depth, noise);
  const right = value.map(
    (write): Write =>
      (writer) =>
        write(writer.tag(field.number, wireType)),
  );
  const wrong = rawValue.map(
    ([wireType, bytes]): Write =>
      (writer) =>
        writer.tag(field.number, wireType).raw(bytes),
  );
  const arbitraries = [{ weight: 40, arbitrary: right }, ...noisy(noise, wrong)];
  if (field.fieldKind === "list" && field.message === undefined && wireType !== WireType.LengthDelimited) {
    const packed = fc.array(value, { maxLength: 5 }).map(
      (items): Write =>
        (writer) =>
          writer.tag(field.number, WireType.LengthDelimited).bytes(written(items)),
    );
    arbitraries.push({ weight: 40, arbitrary: packed });
  }
  return fc.oneof(...arbitraries);
}

interface Value {
  readonly wireType: WireType;
  /** Writes a value without its tag. */
  readonly value: fc.Arbitrary<Write>;
}

function fieldValue(field: DescField, depth: number, noise: boolean): Value {
  if (field.fieldKind === "map") {
    const key = scalarValue(field.mapKey, noise);
    const item = itemValue(field, depth, noise);
    const part = fc.oneof(
      key.value.map(
        (write): Write =>
          (writer) =>
            write(writer.tag(1, key.wireType)),
      ),
      item.value.map(
        (write): Write =>
          (writer) =>
            write(writer.tag(2, item.wireType)),
      ),
      ...noisy(noise, unknown),
    );
    return delimited(fc.array(part, { maxLength: 4 }).map(written));
  }
  return itemValue(field, depth, noise);
}

function itemValue(field: DescField, depth: number, noise: boolean): Value {
  if (field.message !== undefined) {
    const inner = depth === 0 ? fc.constant(new Uint8Array(0)) : encodings(field.message, depth - 1, noise);
    if (!("delimitedEncoding" in field) || !field.delimitedEncoding) return delimited(inner);
    const value = inner.map(
      (bytes): Write =>
        (writer) =>
          writer.raw(bytes).tag(field.number, WireType.EndGroup),
    );
    return { wireType: WireType.StartGroup, value };
  }
  if (field.enum === undefined) return scalarValue(field.scalar, noise);
  const known = field.enum.values.map((value) => value.number);
  const numbers = fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...known) }, ...noisy(noise, fc.integer()));
  return {
    wireType: WireType.Varint,
    value: numbers.map(
      (number): Write =>
        (writer) =>
          writer.int32(number),
    ),
  };
}

function delimited(content: fc.Arbitrary<Uint8Array>): Value {
  return {
    wireType: WireType.LengthDelimited,
    value: content.map(
      (bytes): Write =>
        (writer) =>
          writer.bytes(bytes),
    ),
  };
}

const varints = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(BigInt),
);

const texts = fc.oneof(
  { weight: 6, arbitrary: fc.string().map((text) => new TextEncoder().encode(text)) },
  { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 200 }).map((text) => new TextEncoder().encode(text)) },
  { weight: 1, arbitrary: fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)) },
  { weight: 1, arbitrary: fc.constant(new TextEncoder().encode("\ufffd __proto__")) },
  { weight: 1, arbitrary: fc.constant(new TextEncoder().encode("__proto__")) },
);

/** Now and then a text after all. */
const notText = fc.uint8Array({ maxLength: 40 });

function scalarValue(type: ScalarType, noise: boolean): Value {
  switch (type) {
    case ScalarType.STRING:
      return delimited(fc.oneof(texts, ...noisy(noise, notText)));
    case ScalarType.BYTES:
      return delimited(fc.uint8Array({ maxLength: 200 }));
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return raw(WireType.Bit64, 8);
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return raw(WireType.Bit32, 4);
    default:
      return {
        wireType: WireType.Varint,
        value: varints.map(
          (number): Write =>
            (writer) =>
              writer.uint64(number),
        ),
      };
  }
}

function raw(wireType: WireType, size: number): Value {
  const bytes = fc.uint8Array({ minLength: size, maxLength: size });
  return {
    wireType,
    value: bytes.map(
      (bytes): Write =>
        (writer) =>
          writer.raw(bytes),
    ),
  };
}

const rawValue: fc.Arbitrary<readonly [WireType, Uint8Array]> = fc.oneof(
  varints.map((number) => [WireType.Varint, new BinaryWriter().uint64(number).finish()] as const),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => [WireType.Bit64, bytes] as const),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => [WireType.Bit32, bytes] as const),
  fc
    .uint8Array({ maxLength: 90 })
    .map((bytes) => [WireType.LengthDelimited, new BinaryWriter().bytes(bytes).finish()] as const),
);

/** A field that no type has, or that is an extension of one. */
const unknown: fc.Arbitrary<Write> = fc.tuple(fc.constantFrom(5001, 99_999, 536_870_911), rawValue, fc.boolean()).map(
  ([no, [wireType, bytes], inGroup]): Write =>
    (writer) => {
      if (!inGroup) return writer.tag(no, wireType).raw(bytes);
      return writer.tag(no, WireType.StartGroup).tag(1, wireType).raw(bytes).tag(no, WireType.EndGroup);
    },
);
