import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/**
 * A message as plain values that `deepEqual` tells apart: set fields only, by name, so that an empty value differs from none; -0 from 0;
 * bytes as text. Unlike protobuf-es' `equals` it takes NaN to be itself.
 */
export function toPlain(desc: DescMessage, message: Message): Record<string, unknown> {
  const reflected = reflect(desc, message);
  const plain: Record<string, unknown> = {};
  for (const field of reflected.sortedFields) {
    if (!reflected.isSet(field)) continue;
    switch (field.fieldKind) {
      case "list":
        plain[field.name] = [...reflected.get(field)].map(plainValue);
        break;
      case "map": {
        const entries = [...reflected.get(field)].map(([key, value]) => [String(key), plainValue(value)] as const);
        plain[field.name] = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
        break;
      }
      default:
        plain[field.name] = plainValue(reflected.get(field));
    }
  }
  return plain;
}

function plainValue(value: unknown): unknown {
  if (isReflectMessage(value)) return toPlain(value.desc, value.message);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  return value;
}
