import { create, type DescEnum, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import type * as FastCheck from "fast-check";

/** How deep messages hold messages. */
const maxDepth = 3;

/** Messages of a type, with every field that it has set or unset, empty, at its ends or in between. */
export function arbitraryMessage(fc: typeof FastCheck, desc: DescMessage, depth = 0): FastCheck.Arbitrary<Message> {
  const members: Record<string, FastCheck.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    if (field.oneof !== undefined) continue;
    if (depth >= maxDepth && holdsMessages(field)) continue;
    members[field.localName] = arbitraryField(fc, field, depth);
  }
  for (const oneof of desc.oneofs) {
    const choices = oneof.fields.filter((field) => depth < maxDepth || !holdsMessages(field));
    const set = choices.map((field) =>
      arbitraryField(fc, field, depth).map((value) => ({ case: field.localName, value })),
    );
    members[oneof.localName] = fc.oneof(fc.constant({ case: undefined, value: undefined }), ...set);
  }
  // Most fields are left out, so that unset ones are as frequent as set ones.
  return fc.record(members, { requiredKeys: [] }).map((init) => create(desc, init));
}

function holdsMessages(field: DescField): boolean {
  return field.message !== undefined;
}

function arbitraryField(fc: typeof FastCheck, field: DescField, depth: number): FastCheck.Arbitrary<unknown> {
  if (field.fieldKind === "scalar") return arbitraryScalar(fc, field.scalar);
  if (field.fieldKind === "enum") return arbitraryEnum(fc, field.enum);
  if (field.fieldKind === "message") return arbitraryMessage(fc, field.message, depth + 1);
  const element = arbitraryElement(fc, field, depth);
  if (field.fieldKind === "list") return fc.array(element, { maxLength: 4 });
  return fc.dictionary(arbitraryKey(fc, field.mapKey), element, { maxKeys: 4 });
}

function arbitraryEnum(fc: typeof FastCheck, { values }: DescEnum): FastCheck.Arbitrary<number> {
  return fc.constantFrom(...values.map(({ number }) => number));
}

function arbitraryElement(
  fc: typeof FastCheck,
  field: DescField & { fieldKind: "list" | "map" },
  depth: number,
): FastCheck.Arbitrary<unknown> {
  if (field.message !== undefined) return arbitraryMessage(fc, field.message, depth + 1);
  if (field.enum !== undefined) return arbitraryEnum(fc, field.enum);
  return arbitraryScalar(fc, field.scalar);
}

/** Keys as they stand in the object of a map. */
function arbitraryKey(fc: typeof FastCheck, type: ScalarType): FastCheck.Arbitrary<string> {
  // Maps are objects, in which this key would replace the prototype.
  return arbitraryScalar(fc, type)
    .map(String)
    .filter((key) => key !== "__proto__");
}

function arbitraryScalar(fc: typeof FastCheck, type: ScalarType): FastCheck.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.oneof(fc.double(), fc.constantFrom(-0, 0, NaN, Infinity, -Infinity, Number.MIN_VALUE));
    case ScalarType.FLOAT:
      return fc.oneof(fc.float(), fc.constantFrom(-0, NaN, Infinity));
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return fc.string({ unit: "binary", maxLength: 20 });
    case ScalarType.BYTES:
      break;
  }
  return fc.uint8Array({ maxLength: 40 });
}
