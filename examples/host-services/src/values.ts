import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Value, ValueSchema } from "./gen/shop/v1/shop_pb.js";

/** What SQLite has: whole numbers, other numbers, texts, bytes, and NULL. */
export type SqlValue = bigint | number | string | Uint8Array | null;

/** A value for a message. A number without a fraction becomes a whole number. */
export function toValue(value: unknown): MessageInitShape<typeof ValueSchema> {
  switch (typeof value) {
    case "bigint":
      return { kind: { case: "integer", value } };
    case "number":
      if (Number.isSafeInteger(value)) return { kind: { case: "integer", value: BigInt(value) } };
      return { kind: { case: "real", value } };
    case "string":
      return { kind: { case: "text", value } };
    default:
      return value instanceof Uint8Array ? { kind: { case: "blob", value } } : {};
  }
}

/** The value that a message holds; null where it holds none. */
export function fromValue(value: Value | undefined): SqlValue {
  return value?.kind.value ?? null;
}
