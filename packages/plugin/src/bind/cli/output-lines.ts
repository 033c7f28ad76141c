import type { Readable } from "node:stream";
import { isLogLevel, type LogLevel } from "../../log/level.js";
import type { LogFields, Logger } from "../../log/logger.js";

/** A longer line comes in parts. */
const maxLineChars = 64 * 1024;

const prefix = /^(?:\S+ )?\[(TRACE|DEBUG|INFO|WARN|ERROR)\] {0,2}/;
const fatal = /^(?:panic:|fatal error:|SIG[A-Z]+: |unexpected fault address|runtime: )/;

/** Calls `onLine` for each line of a stream, without its end. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let held = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (held + text).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) onLine(line.replace(/\r$/, ""));
    for (; held.length > maxLineChars; held = held.slice(maxLineChars)) onLine(held.slice(0, maxLineChars));
  });
  stream.on("end", () => {
    if (held !== "") onLine(held);
    held = "";
  });
  // What can go wrong with it is the end of the process, which is seen elsewhere.
  stream.on("error", () => {});
}

/** Makes records of what a go-plugin plugin writes to its standard error: hclog's JSON, its text with a level in brackets, or anything. */
export function createStderrLog(logger: Logger): (line: string) => void {
  let hasCrashed = false;
  return (line) => {
    if (line.trim() === "") return;
    const record = parseRecord(line);
    if (record !== undefined) {
      logger.log(record.level, record.message, record.fields);
      return;
    }
    hasCrashed ||= fatal.test(line);
    const named = prefix.exec(line)?.[1]?.toLowerCase();
    const level = isLogLevel(named) ? named : hasCrashed ? "error" : "info";
    logger.log(level, line);
  };
}

function parseRecord(line: string): { level: LogLevel; message: string; fields: LogFields } | undefined {
  if (!line.startsWith("{")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const object = parsed as Readonly<Record<string, unknown>>;
  const { "@level": level, "@message": message, "@module": module, "@timestamp": time, ...fields } = object;
  if (!isLogLevel(level) || typeof message !== "string") return undefined;
  return {
    level,
    message,
    fields: { ...fields, ...(module !== undefined && { module }), ...(time !== undefined && { plugin_time: time }) },
  };
}
