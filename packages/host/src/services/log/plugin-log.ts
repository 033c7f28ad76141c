import { type LogEntry, LogEntry_Level } from "@tenon/core/host-services";
import { parseObject, remainingFields } from "../../logs/json-line.js";
import { type LogLevel, logLevels, type LogRecord, noFields } from "../../logs/record.js";
import { RateLimit } from "./rate-limit.js";

/** What became of the entries that a plugin wrote. */
export interface LogServiceCounts {
  /** Handed to the sink. */
  readonly records: number;
  /** Below the level. */
  readonly filtered: number;
  /** Kept out by `maxRecordsPerSecond` or `maxEntries`. */
  readonly dropped: number;
  /** Handed to the sink with a shorter message, or without their fields. */
  readonly cut: number;
  /** Records at which the sink threw: they may be lost. */
  readonly sinkErrors: number;
}

/** What a {@link PluginLog} goes by. */
export interface PluginLogSettings {
  readonly sink: (record: LogRecord) => void;
  readonly maxRecordsPerSecond: number;
  readonly maxEntries: number;
  readonly maxMessageBytes: number;
  readonly maxFieldsBytes: number;
}

const levelNames = new Map<LogEntry_Level, LogLevel>([
  [LogEntry_Level.TRACE, "trace"],
  [LogEntry_Level.DEBUG, "debug"],
  [LogEntry_Level.INFO, "info"],
  [LogEntry_Level.WARN, "warn"],
  [LogEntry_Level.ERROR, "error"],
]);

/** Turns the entries of one plugin into records of the host. */
export class PluginLog {
  readonly #plugin: string;
  readonly #settings: PluginLogSettings;
  readonly #levelNow: () => LogLevel;
  readonly #rate: RateLimit;
  readonly #counts = { records: 0, filtered: 0, dropped: 0, cut: 0, sinkErrors: 0 };
  /** Dropped since the last record that got through. */
  #droppedInRow = 0;

  constructor(plugin: string, settings: PluginLogSettings, levelNow: () => LogLevel) {
    this.#plugin = plugin;
    this.#settings = settings;
    this.#levelNow = levelNow;
    this.#rate = new RateLimit(settings.maxRecordsPerSecond);
  }

  get level(): LogLevel {
    return this.#levelNow();
  }

  counts(): LogServiceCounts {
    return { ...this.#counts };
  }

  /** Writes entries; `callId` is for those that have none. Returns how many were dropped. */
  write(entries: readonly LogEntry[], instance: string, callId: string): number {
    const threshold = logLevels.indexOf(this.level);
    const before = this.#counts.dropped;
    const { maxEntries } = this.#settings;
    for (const entry of entries.length > maxEntries ? entries.slice(0, maxEntries) : entries) {
      const level = levelNames.get(entry.level) ?? "info";
      if (logLevels.indexOf(level) < threshold) this.#counts.filtered++;
      else if (this.#rate.take()) this.#pass(entry, level, instance, entry.callId || callId);
      else this.#drop(1, instance, "it writes more records than maxRecordsPerSecond allows");
    }
    const surplus = entries.length - maxEntries;
    if (surplus > 0) this.#drop(surplus, instance, "it wrote more entries at once than maxEntries allows");
    return this.#counts.dropped - before;
  }

  #pass(entry: LogEntry, level: LogLevel, instance: string, callId: string): void {
    const dropped = this.#droppedInRow;
    this.#droppedInRow = 0;
    if (dropped > 0) this.#note(instance, `${dropped} log records of the plugin were dropped`, { dropped });
    const { maxMessageBytes, maxFieldsBytes } = this.#settings;
    const message = cutText(entry.message, maxMessageBytes);
    const fieldsBytes = bytesOver(entry.fieldsJson, maxFieldsBytes);
    const isCut = message !== entry.message || fieldsBytes !== undefined;
    if (isCut) this.#counts.cut++;
    const fields = fieldsBytes === undefined ? readFields(entry.fieldsJson) : { fieldsBytes };
    this.#emit({
      time: readTime(entry.time),
      level,
      message,
      plugin: this.#plugin,
      instance,
      source: "service",
      fields: message === entry.message ? fields : { ...fields, messageBytes: Buffer.byteLength(entry.message) },
      ...(entry.module !== "" && { module: entry.module }),
      ...(callId !== "" && { callId }),
    });
  }

  #drop(count: number, instance: string, why: string): void {
    this.#counts.dropped += count;
    if (this.#droppedInRow === 0) this.#note(instance, `log records of the plugin are dropped: ${why}`);
    this.#droppedInRow += count;
  }

  #note(instance: string, message: string, fields: LogRecord["fields"] = noFields): void {
    const time = new Date();
    this.#hand({ time, level: "warn", message, plugin: this.#plugin, instance, source: "host", fields });
  }

  #emit(record: LogRecord): void {
    this.#counts.records++;
    this.#hand(record);
  }

  #hand(record: LogRecord): void {
    try {
      this.#settings.sink(record);
    } catch {
      this.#counts.sinkErrors++;
    }
  }
}

/** Length of a text in UTF-8 where it is above `most`; undefined otherwise. */
function bytesOver(text: string, most: number): number | undefined {
  // No character of UTF-16 has more than three bytes.
  if (text.length * 3 <= most) return undefined;
  const bytes = Buffer.byteLength(text);
  return bytes > most ? bytes : undefined;
}

/** The text, or so many whole characters of it as `most` bytes of UTF-8 hold. */
function cutText(text: string, most: number): string {
  if (bytesOver(text, most) === undefined) return text;
  const bytes = Buffer.from(text.slice(0, most));
  let end = most;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** A value of any other shape is kept as it came: nothing that a plugin writes may be lost for its form. */
function readFields(json: string): LogRecord["fields"] {
  if (json === "") return noFields;
  const object = parseObject(json);
  return object === undefined ? { fields_json: json } : remainingFields(object);
}

function readTime(time: LogEntry["time"]): Date {
  if (time === undefined) return new Date();
  const date = new Date(Number(time.seconds) * 1000 + time.nanos / 1_000_000);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}
