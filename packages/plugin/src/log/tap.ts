import type { LogLevel } from "./level.js";

/** What a logger was given, before it is made into text. */
export interface TappedRecord {
  readonly level: LogLevel;
  /** A text, unless the caller passed over its type. */
  readonly message: unknown;
  readonly module: string | undefined;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Takes the records of a logger beside what it writes, at a level of its own. */
export interface LogTap {
  wants(level: LogLevel): boolean;
  take(record: TappedRecord): void;
}

// On the logger itself, not enumerable: whoever made it owns what listens to it. Registered, so that a logger of one copy of this package
// is known by another.
const tapsOf = Symbol.for("tenon.log-taps");

/** Marks a logger as one that hands its records to `taps`, which its children share. */
export function withTaps<T extends object>(logger: T, taps: Set<LogTap>): T {
  return Object.defineProperty(logger, tapsOf, { value: taps });
}

/** Whether one of them wants records of this level. */
export function isWanted(taps: ReadonlySet<LogTap>, level: LogLevel): boolean {
  for (const tap of taps) if (tap.wants(level)) return true;
  return false;
}

/**
 * Hands the records of a logger, of what it is a part and of its parts to `tap` too, until the function that it returns is called.
 * Undefined where the logger is none of `createLogger`.
 */
export function tapLogger(logger: object, tap: LogTap): (() => void) | undefined {
  const taps = (logger as { readonly [tapsOf]?: Set<LogTap> })[tapsOf];
  if (taps === undefined) return undefined;
  taps.add(tap);
  return () => void taps.delete(tap);
}
