/** Levels of a log record, least to most severe: hclog's, which a Go host understands. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

const order: Readonly<Record<LogLevel, number>> = { trace: 1, debug: 2, info: 3, warn: 4, error: 5 };

/** Whether a record of `level` passes a logger that shows `threshold` and above. */
export function passesLevel(level: LogLevel, threshold: LogLevel): boolean {
  return order[level] >= order[threshold];
}

/** Whether a value is the name of a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(order, value);
}
