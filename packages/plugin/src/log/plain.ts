/** A value that JSON can carry. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const maxDepth = 8;
const maxEntries = 256;
const maxBytes = 1024;

/**
 * Turns any value into one that JSON can carry, and never throws: bigints, symbols and functions become text, dates ISO
 * text, errors their name, message, stack, code, cause and own members, maps objects, sets lists, bytes hexadecimal
 * text. A reference to itself becomes `[circular]`, what cannot be read `[unreadable]`. Depth, entries and bytes are bounded.
 */
export function toPlain(value: unknown): Plain {
  return convert(value, []);
}

function convert(value: unknown, above: readonly object[]): Plain {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
    case "symbol":
      return String(value);
    case "undefined":
      return null;
    case "function":
      return attempt(() => `[function ${value.name}]`);
    case "object":
      if (value === null) return null;
      if (above.includes(value)) return "[circular]";
      if (above.length >= maxDepth) return "[too deep]";
      return attempt(() => convertObject(value, [...above, value]));
    default:
      return "[unreadable]";
  }
}

function convertObject(value: object, above: readonly object[]): Plain {
  if (value instanceof Error) return convertError(value, above);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Map) return convertEntries(keyed(value), value.size, above);
  if (value instanceof Set) return convertList(value, value.size, above);
  if (Array.isArray(value)) return convertList(value, value.length, above);
  if (ArrayBuffer.isView(value)) return convertBytes(value);
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON(), above);
  return convertEntries(readable(value), Object.keys(value).length, above);
}

function convertError(error: Error, above: readonly object[]): Plain {
  const result: Record<string, Plain> = {
    name: convert(error.name, above),
    message: convert(error.message, above),
  };
  if (typeof error.stack === "string") result["stack"] = error.stack;
  if (error.cause !== undefined) result["cause"] = convert(error.cause, above);
  for (const [key, entry] of readable(error)) {
    if (!Object.hasOwn(result, key)) define(result, key, convert(entry, above));
  }
  return result;
}

function* keyed(map: ReadonlyMap<unknown, unknown>): Iterable<readonly [string, unknown]> {
  for (const [key, value] of map) yield [typeof key === "string" ? key : JSON.stringify(toPlain(key)), value];
}

function* readable(value: object): Iterable<readonly [string, unknown]> {
  for (const key of Object.keys(value)) {
    let entry: unknown;
    try {
      entry = (value as Readonly<Record<string, unknown>>)[key];
    } catch {
      entry = "[unreadable]";
    }
    if (entry !== undefined) yield [key, entry];
  }
}

function convertEntries(entries: Iterable<readonly [string, unknown]>, size: number, above: readonly object[]): Plain {
  const result: Record<string, Plain> = {};
  let count = 0;
  for (const [key, entry] of entries) {
    if (count++ === maxEntries) {
      define(result, "…", `${size - maxEntries} more`);
      break;
    }
    define(result, key, convert(entry, above));
  }
  return result;
}

function convertList(list: Iterable<unknown>, size: number, above: readonly object[]): Plain {
  const result: Plain[] = [];
  for (const entry of list) {
    if (result.length === maxEntries) {
      result.push(`… ${size - maxEntries} more`);
      break;
    }
    result.push(convert(entry, above));
  }
  return result;
}

function convertBytes(view: ArrayBufferView): Plain {
  const shown = Buffer.from(view.buffer, view.byteOffset, Math.min(view.byteLength, maxBytes)).toString("hex");
  return view.byteLength > maxBytes ? `${shown}… ${view.byteLength - maxBytes} more bytes` : shown;
}

/** Sets a member even if it is called `__proto__`. */
function define(target: Record<string, Plain>, key: string, value: Plain): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true });
  else target[key] = value;
}

function attempt(read: () => Plain): Plain {
  try {
    return read();
  } catch {
    return "[unreadable]";
  }
}
