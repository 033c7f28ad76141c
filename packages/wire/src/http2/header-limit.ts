import type { HeaderField } from "../hpack/field.js";
import type { HeaderTemplate } from "./header-template.js";

/**
 * Whether a header list is over what its receiver announced in SETTINGS_MAX_HEADER_LIST_SIZE, counted as RFC 9113 §6.5.2
 * does. It is advice there; but a receiver that has a limit refuses the list at best, and ends the connection at worst.
 */
export function isOverLimit(
  template: HeaderTemplate,
  extra: readonly HeaderField[],
  maxHeaderListSize: number,
): boolean {
  if (maxHeaderListSize === Number.POSITIVE_INFINITY) return false;
  return listBytes(extra) + listBytes(template.fields) > maxHeaderListSize;
}

function listBytes(fields: readonly HeaderField[]): number {
  let bytes = 0;
  for (const [name, value] of fields) bytes += name.length + value.length + 32;
  return bytes;
}
