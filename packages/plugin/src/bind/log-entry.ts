import { create } from "@bufbuild/protobuf";
import { Level, type LogEntry, LogEntrySchema } from "@tenon/core/bind";
import type { LogLevel } from "../log/level.js";
import { toPlain } from "../log/plain.js";
import type { TappedRecord } from "../log/tap.js";

/** Most of a message, and most of the fields' JSON, in bytes: one entry fits in one frame of any host. */
const maxMessageBytes = 32 * 1024;
const maxFieldsBytes = 24 * 1024;
const maxIdBytes = 128;

const levels: Readonly<Record<LogLevel, Level>> = {
  trace: Level.TRACE,
  debug: Level.DEBUG,
  info: Level.INFO,
  warn: Level.WARN,
  error: Level.ERROR,
};

/** The level from which on records are wanted; a host that does not say gets `info`. */
export function thresholdOf(level: Level): LogLevel | "off" {
  if (level === Level.OFF) return "off";
  const [name] = Object.entries(levels).find(([, number]) => number === level) ?? ["info"];
  return name as LogLevel;
}

/** Makes an entry of a record. It never throws, whatever was logged, and its size is bounded. */
export function toLogEntry(record: TappedRecord, sequence: number, timeMs: number): LogEntry {
  const text = typeof record.message === "string" ? record.message : JSON.stringify(toPlain(record.message));
  const message = clip(text, maxMessageBytes);
  const all = readFields(record);
  if (message.length < text.length) all["message_chars"] = text.length;
  const callId = take(all, "call_id");
  const traceId = take(all, "trace_id");
  return create(LogEntrySchema, {
    sequence: BigInt(sequence),
    timeMs,
    level: levels[record.level],
    message,
    fields: formatFields(all),
    callId,
    traceId,
  });
}

function readFields({ module, fields }: TappedRecord): Record<string, unknown> {
  const own = module === undefined ? {} : { "@module": module };
  if (fields === undefined) return own;
  const plain: unknown = toPlain(fields);
  const isObject = typeof plain === "object" && plain !== null && !Array.isArray(plain);
  return { ...own, ...(isObject ? plain : { fields: plain }) };
}

/** Takes a text out of the fields. One that is none stays. */
function take(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") return "";
  delete fields[name];
  return clip(value, maxIdBytes);
}

function formatFields(fields: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(fields);
  if (json === "{}") return "";
  if (clip(json, maxFieldsBytes) === json) return json;
  // Each of its characters may take twice the room as part of a text.
  return JSON.stringify({ fields: clip(json, maxFieldsBytes / 2) });
}

/** The longest beginning of a text that fits. */
function clip(text: string, maxBytes: number): string {
  // A UTF-16 unit is at most three bytes.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  return Buffer.from(text.slice(0, maxBytes))
    .toString("utf8", 0, maxBytes)
    .replace(/\ufffd+$/, "");
}
