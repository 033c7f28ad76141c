import { TenonError } from "@tenon/core";

/** The longest time that a timer of the runtime can wait, in milliseconds. */
export const maxTimerMs = 2 ** 31 - 1;

/** The least and the most that a number may be. Whole numbers only, unless the third says that parts are allowed. */
export type NumberRange = readonly [least: number, most: number, parts?: "parts"];

type Named = object;

/** An `option-invalid` error that names the option, its value and what it may be. */
export function invalidOption(option: string, value: unknown, rule: string, facts: object = {}): TenonError {
  return new TenonError("option-invalid", `The option ${option} is ${describe(value)}; it must be ${rule}.`, {
    facts: { option, value, ...facts },
  });
}

/** Checks those options of `ranges` that are there. */
export function checkNumbers<T extends Named>(
  options: T,
  ranges: Readonly<Partial<Record<keyof T & string, NumberRange>>>,
): void {
  for (const [option, range] of Object.entries(ranges) as [keyof T & string, NumberRange][]) {
    const value: unknown = options[option];
    if (value === undefined) continue;
    const [least, most, parts] = range;
    const isNumber = typeof value === "number" && (parts === "parts" ? !Number.isNaN(value) : Number.isInteger(value));
    if (isNumber && value >= least && value <= most) continue;
    const kind = parts === "parts" ? "a number" : "a whole number";
    throw invalidOption(option, value, `${kind} from ${least} to ${most}`, { least, most });
  }
}

/** Checks that those of `names` that are there are of a type. */
export function checkTypes<T extends Named>(
  options: T,
  type: "boolean" | "function",
  names: readonly (keyof T & string)[],
): void {
  for (const option of names) {
    const value: unknown = options[option];
    if (value === undefined || typeof value === type) continue;
    throw invalidOption(option, value, type === "boolean" ? "true or false" : "a function");
  }
}

/** Checks that an option, where it is there, is one of `choices`. */
export function checkChoice<T extends Named>(options: T, option: keyof T & string, choices: readonly string[]): void {
  const value: unknown = options[option];
  if (value === undefined || choices.includes(value as string)) return;
  throw invalidOption(option, value, choices.map((choice) => `"${choice}"`).join(" or "));
}

/** Checks that a list, where it is there, has functions only. */
export function checkFunctions<T extends Named>(options: T, option: keyof T & string): void {
  const value: unknown = options[option];
  if (value === undefined) return;
  if (Array.isArray(value) && value.every((each) => typeof each === "function")) return;
  throw invalidOption(option, value, "a list of functions");
}

/** Checks that the options are an object at all. */
export function checkIsObject(what: string, options: unknown): void {
  if (typeof options !== "object" || options === null) throw invalidOption(what, options, "an object");
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}
