import type { LogEntry, Logs } from "@tenon/core/bind";
import { type LogRecord, logLevels, noFields } from "../logs/record.js";
import { fromLevel } from "./frames.js";

/** Counts of the records of one instance that came over its links. */
export interface BindLogCounts {
  /** Handed to the log. */
  readonly records: number;
  /** Came again after a reconnect, and were skipped. */
  readonly duplicates: number;
  /** Dropped by the plugin for want of room, by its own count. */
  readonly dropped: number;
  /** Missing in the sequence since the first that came, whatever the plugin says. */
  readonly missing: number;
}

/** Turns what a plugin sends into records, once each and in order. */
export interface LogIntake {
  /** Takes records; returns the last sequence number that is known now. */
  take(logs: Logs): bigint;
  /** The last sequence number that is known; 0n for none. */
  readonly last: bigint;
  counts(): BindLogCounts;
}

/** Makes the intake of one instance; it lives as long as the instance is waited for. What `sink` throws goes no further. */
export function createLogIntake(
  who: Pick<LogRecord, "plugin" | "instance">,
  sink: ((record: LogRecord) => void) | undefined,
  isWanted: (level: LogRecord["level"]) => boolean,
): LogIntake {
  let last: bigint | undefined;
  let records = 0;
  let duplicates = 0;
  let dropped = 0;
  let missing = 0;
  return {
    get last() {
      return last ?? 0n;
    },
    take(logs) {
      dropped = Math.max(dropped, Number(logs.dropped));
      for (const entry of logs.entries) {
        // What it said before this host knew it is not missing.
        last ??= entry.sequence - 1n;
        if (entry.sequence <= last) {
          duplicates++;
          continue;
        }
        missing += Number(entry.sequence - last - 1n);
        last = entry.sequence;
        const record = toRecord(entry, who);
        if (!isWanted(record.level)) continue;
        records++;
        try {
          sink?.(record);
        } catch {
          // The application's own log failed; the plugin cannot help it.
        }
      }
      return last ?? 0n;
    },
    counts: () => Object.freeze({ records, duplicates, dropped, missing }),
  };
}

/** Whether a level is at or above another. */
export function isAtLeast(level: LogRecord["level"], least: LogRecord["level"] | "off"): boolean {
  return least !== "off" && logLevels.indexOf(level) >= logLevels.indexOf(least);
}

function toRecord(entry: LogEntry, { plugin, instance }: Pick<LogRecord, "plugin" | "instance">): LogRecord {
  const { timeMs, message, callId, traceId, sequence } = entry;
  const time = new Date(timeMs);
  return {
    time: Number.isNaN(time.getTime()) || timeMs === 0 ? new Date() : time,
    level: fromLevel(entry.level),
    message,
    plugin,
    instance,
    source: "bind",
    ...withModule(parseFields(entry.fields)),
    sequence: Number(sequence),
    ...(callId !== "" && { callId }),
    ...(traceId !== "" && { traceId }),
  };
}

/** The name of the plugin's logger, as records of every other launch have it. */
function withModule(fields: LogRecord["fields"]): Pick<LogRecord, "fields" | "module"> {
  const { "@module": module, ...rest } = fields;
  return typeof module === "string" ? { module, fields: rest } : { fields };
}

function parseFields(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return noFields;
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return { fields };
    if (!Object.hasOwn(fields, "__proto__")) return fields as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key === "__proto__" ? "_proto_" : key, value]),
    );
  } catch {
    return { fields: text };
  }
}
