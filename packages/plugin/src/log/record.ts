import type { LogLevel } from "./level.js";
import { type Plain, toPlain } from "./plain.js";

/** The longest line written, its line break included. Go hosts read 64 KiB and pass longer ones on unparsed. */
export const maxRecordBytes = 65_535;

const reserved: ReadonlySet<string> = new Set(["@level", "@message", "@module", "@timestamp", "@caller"]);

/** The parts of one record. */
export interface RecordParts {
  readonly level: LogLevel;
  /** Anything that is no text is shown as JSON. */
  readonly message: unknown;
  readonly timestamp: string;
  readonly module?: string | undefined;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Formats one record as a line of hclog's JSON, with its line break. Fields whose names hclog keeps for itself are
 * renamed, `@level` to `field_level`, never lost and never able to stand in for the real ones: a Go host dies of a
 * `@message` that is no string. A record that would be too long loses the ends of its longest fields and of its message;
 * `truncated_bytes` then says how many bytes of JSON are missing.
 */
export function formatRecord(parts: RecordParts): string {
  const { level, timestamp, module } = parts;
  const message = toText(parts.message);
  const fields = formatFields(parts.fields);
  const line = assemble(level, message, module, timestamp, fields);
  // A UTF-16 unit is at most three bytes.
  if (line.length * 3 <= maxRecordBytes || Buffer.byteLength(line) <= maxRecordBytes) return line;
  return shorten(parts, message, fields, Buffer.byteLength(line));
}

function toText(message: unknown): string {
  return typeof message === "string" ? message : JSON.stringify(toPlain(message));
}

function formatFields(fields: Readonly<Record<string, unknown>> | undefined): Map<string, string> {
  const formatted = new Map<string, string>();
  if (fields === undefined) return formatted;
  const plain = toPlain(fields);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) {
    return formatted.set("fields", JSON.stringify(plain));
  }
  for (const [key, value] of Object.entries(plain as { readonly [key: string]: Plain })) {
    let name = reserved.has(key) ? `field_${key.slice(1)}` : key;
    while (formatted.has(name) || (name !== key && Object.hasOwn(plain, name))) name += "_";
    formatted.set(name, JSON.stringify(value));
  }
  return formatted;
}

function assemble(
  level: LogLevel,
  message: string,
  module: string | undefined,
  timestamp: string,
  fields: ReadonlyMap<string, string>,
): string {
  let line = `{"@level":"${level}","@message":${JSON.stringify(message)}`;
  if (module !== undefined) line += `,"@module":${JSON.stringify(module)}`;
  line += `,"@timestamp":"${timestamp}"`;
  for (const [key, value] of fields) line += `,${JSON.stringify(key)}:${value}`;
  return `${line}}\n`;
}

function shorten(
  parts: RecordParts,
  message: string,
  fields: ReadonlyMap<string, string>,
  lengthBytes: number,
): string {
  const { level, timestamp } = parts;
  const module = parts.module === undefined ? undefined : clip(parts.module, 1024);
  const half = Math.floor(maxRecordBytes / 2);
  const short = shortenFields(fields, half);
  const render = (text: string, cut: number) =>
    assemble(level, text, module, timestamp, new Map([...short, ["truncated_bytes", String(cut)]]));
  const rest = maxRecordBytes - Buffer.byteLength(render("", lengthBytes));
  const clipped = clip(message, rest);
  const missing = lengthBytes - Buffer.byteLength(assemble(level, clipped, module, timestamp, short));
  return render(clipped, missing);
}

/** Keeps every field that fits in its share of the budget; the others keep the beginning of their JSON, as text. */
function shortenFields(fields: ReadonlyMap<string, string>, budgetBytes: number): Map<string, string> {
  const short = new Map<string, string>();
  let rest = budgetBytes;
  let left = fields.size;
  const bySize = [...fields].sort((a, b) => a[1].length + a[0].length - (b[1].length + b[0].length));
  for (const [key, value] of bySize) {
    const share = Math.floor(rest / left--);
    const keyBytes = Buffer.byteLength(JSON.stringify(key)) + 2;
    const valueBytes = Buffer.byteLength(value);
    if (keyBytes + valueBytes <= share) {
      short.set(key, value);
      rest -= keyBytes + valueBytes;
    } else if (keyBytes + 2 < share) {
      const text = JSON.stringify(clip(value, share - keyBytes - 2));
      short.set(key, text);
      rest -= keyBytes + Buffer.byteLength(text);
    }
  }
  return short;
}

/** The longest beginning of `text` whose JSON, quotes aside, fits in `maxBytes`. */
function clip(text: string, maxBytes: number): string {
  const size = (length: number) => Buffer.byteLength(JSON.stringify(text.slice(0, length))) - 2;
  let low = 0;
  let high = Math.min(text.length, Math.max(0, maxBytes));
  if (size(high) <= maxBytes) return text.slice(0, high);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (size(middle) <= maxBytes) low = middle;
    else high = middle;
  }
  const last = text.charCodeAt(low - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? low - 1 : low);
}
