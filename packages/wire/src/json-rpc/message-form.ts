import { type DescMessage, type Registry, ScalarType } from "@bufbuild/protobuf";

/**
 * How messages are written as JSON: the proto3 JSON mapping, in those of its variants that Go's `encoding/json` reads into plain Go
 * types. Either end reads all variants, so the two need not agree.
 */
export interface MessageForm {
  /**
   * Names of fields: `"json"` for lowerCamelCase, which Go matches to exported fields of structs without tags; `"proto"` for the names
   * of the .proto file, which the tags of types made by protoc-gen-go have. Default `"json"`.
   */
  readonly fieldNames?: "json" | "proto";
  /** 64-bit integers: bare, as Go reads them, or in quotes, for JavaScript peers that would round them. Default `"number"`. */
  readonly integers64?: "number" | "string";
  /** Values of enums, as numbers or by name. Default `"number"`: in Go they are integers. */
  readonly enums?: "number" | "name";
  /** Types that a `google.protobuf.Any` may hold. Default: none, so that a message with one fails its call. */
  readonly registry?: Registry;
}

const custom = new Set(
  ["Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value"].map(
    (name) => `google.protobuf.${name}`,
  ),
);

/** Whether the JSON of a message has a form of its own; the wrappers of scalars not counted. */
export function isCustom(desc: DescMessage): boolean {
  return custom.has(desc.typeName);
}

/** Whether a scalar is an integer of 64 bits. */
export function isLong(scalar: ScalarType | undefined): boolean {
  switch (scalar) {
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return true;
    default:
      return false;
  }
}

/** Whether a scalar is a floating-point number. */
export function isFloat(scalar: ScalarType | undefined): boolean {
  return scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT;
}
