import { TenonError } from "@tenon/core";

/** An `option-invalid` error that names the option. */
export function invalidOption(option: string, why: string): TenonError {
  return new TenonError("option-invalid", `The option ${option} is not valid: ${why}.`, { facts: { option } });
}

/** Checks that `value` is an object, with no key outside `known` where that is given; undefined counts as an empty object. */
export function checkKeys(what: string, value: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidOption(what, `it must be an object, not ${describe(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (known?.includes(key) === false) {
      throw invalidOption(`${what}.${key}`, `there is no such option; the known ones are ${known.join(", ")}`);
    }
  }
  return value as Readonly<Record<string, unknown>>;
}

/** A whole number from `least` to `most`, or `fallback` where `value` is undefined. */
export function wholeNumber(option: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidOption(option, `it must be a whole number from ${least} to ${most}, not ${describe(value)}`);
}

/** The longest time a timer of the runtime can wait, in milliseconds. */
const maxTimerMs = 2 ** 31 - 1;

/** A duration in whole milliseconds, or `fallback` where `value` is undefined. */
export function durationMs(option: string, value: unknown, fallback: number, least = 0): number {
  return wholeNumber(option, value, fallback, least, maxTimerMs);
}

/** A boolean, or `fallback` where `value` is undefined. */
export function booleanOr(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === "boolean") return value;
  throw invalidOption(option, `it must be true or false, not ${describe(value)}`);
}

/** A text that is not empty and holds no NUL, or undefined. */
export function textOrNothing(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw invalidOption(option, `it must be a text that is not empty and has no NUL, not ${describe(value)}`);
}

/** One of `choices`, or `fallback` where `value` is undefined. */
export function oneOf<const T>(option: string, value: unknown, choices: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw invalidOption(option, `it must be one of ${choices.map(describe).join(", ")}, not ${describe(value)}`);
}

/** A function, or undefined. */
export function functionOrNothing<T>(option: string, value: T): T {
  if (value === undefined || typeof value === "function") return value;
  throw invalidOption(option, `it must be a function, not ${describe(value)}`);
}

/** An AbortSignal, or undefined. */
export function signalOrNothing(option: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw invalidOption(option, `it must be an AbortSignal, not ${describe(value)}`);
}

/** A value for a message: short, on one line, whatever it is. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  if (typeof value === "function") return "a function";
  return String(value);
}
