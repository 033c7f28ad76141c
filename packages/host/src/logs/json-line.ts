import { levelOfNumber, levelOfWord } from "./levels.js";
import type { LogLevel, ParsedLine } from "./record.js";

const messageKeys = ["@message", "msg", "message", "event"] as const;
const levelKeys = ["@level", "level", "severity"] as const;
const timeKeys = ["@timestamp", "time", "timestamp", "ts"] as const;
const moduleKeys = ["@module", "name", "logger"] as const;
const callerKeys = ["@caller", "caller"] as const;

/** A line with one of these that is no text was not written by hclog, whatever else it says. */
const hclogKeys = ["@message", "@level", "@timestamp"] as const;

/**
 * Reads a line that holds one JSON object as a log record: hclog's `@message`, `@level`, `@timestamp`, or the keys of
 * pino, bunyan, winston, zap, slog and structlog. No line makes it throw.
 *
 * Undefined where the line is plain text: no JSON object, no level that is known, or one of hclog's keys with a value that
 * is no text or no time. A Go host panics at some of these.
 */
export function parseJsonLine(line: string): ParsedLine | undefined {
  const object = parseObject(line);
  if (object === undefined) return undefined;
  if (hclogKeys.some((key) => Object.hasOwn(object, key) && typeof object[key] !== "string")) return undefined;

  const used = new Set<string>();
  const level = take(object, levelKeys, used, readLevel);
  if (level === undefined) return undefined;
  const time = take(object, timeKeys, used, readTime);
  if (Object.hasOwn(object, "@timestamp") && !used.has("@timestamp")) return undefined;
  const message = take(object, messageKeys, used, readMessage);
  const module = take(object, moduleKeys, used, readString);
  const caller = take(object, callerKeys, used, readString);

  return {
    level,
    message: message ?? line,
    fields: remainingFields(object, used),
    ...(time && { time }),
    ...(module !== undefined && { module }),
    ...(caller !== undefined && { caller }),
  };
}

/** The JSON object that a text is; undefined where it is none. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The first of `keys` that `read` understands. Its key is marked as used, so that it does not appear among the fields again. */
function take<T>(
  object: Record<string, unknown>,
  keys: readonly string[],
  used: Set<string>,
  read: (value: unknown) => T | undefined,
): T | undefined {
  for (const key of keys) {
    if (!Object.hasOwn(object, key)) continue;
    const value = read(object[key]);
    if (value === undefined) continue;
    used.add(key);
    return value;
  }
  return undefined;
}

function readLevel(value: unknown): LogLevel | undefined {
  if (typeof value === "string") return levelOfWord(value);
  return typeof value === "number" ? levelOfNumber(value) : undefined;
}

function readMessage(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value === null ? undefined : JSON.stringify(value);
}

function readString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function readTime(value: unknown): Date | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  // Seconds (zap) and milliseconds (pino) since 1970 differ by more than any plausible date.
  const date = new Date(typeof value === "number" && value < 1e11 ? value * 1000 : value);
  const isPlausible = typeof value === "string" ? /^\d{4}-\d{2}-\d{2}[T ]/.test(value) : value > 1e8;
  return isPlausible && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** The keys of an object that are not used for something else, as the fields of a record. */
export function remainingFields(
  object: Record<string, unknown>,
  used: ReadonlySet<string> = new Set(),
): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (used.has(key)) continue;
    // Assigning to this one name would replace the object's prototype instead of adding a key.
    fields[key === "__proto__" ? "_proto_" : key] = object[key];
  }
  return fields;
}
