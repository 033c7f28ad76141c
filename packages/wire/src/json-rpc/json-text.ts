import { TenonError } from "@tenon/core";
import { malformed } from "./value-reader.js";

/** A JSON value in which an integer that a number cannot hold exactly is a bigint. */
export type ExactJson = null | boolean | number | bigint | string | ExactJson[] | ExactJsonObject;

/** A JSON object; see {@link ExactJson}. */
export interface ExactJsonObject {
  [key: string]: ExactJson;
}

/** As many digits as may be too many for a number. */
const manyDigits = /\d{16}/;

/** A number, in its whole part and what follows. */
const number = /(-?\d+)([\d.eE+-]*)/y;

const blanks = /\s*/y;

/**
 * Parses JSON without losing digits of large integers, which `JSON.parse` rounds. Text that can hold none goes through `JSON.parse`.
 *
 * @throws {@link TenonError} `json-rpc-malformed`
 */
export function parseExact(text: string): ExactJson {
  let plain: ExactJson;
  try {
    // Always, because it knows every rule of the grammar; what follows then needs to check none.
    plain = JSON.parse(text) as ExactJson;
  } catch (cause) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    throw malformed(`${JSON.stringify(shown)} is no JSON (${cause instanceof Error ? cause.message : "?"})`, cause);
  }
  return manyDigits.test(text) ? new ExactParser(text).value() : plain;
}

/** Reads text that is known to be JSON. */
class ExactParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): ExactJson {
    switch (this.#peek()) {
      case '"':
        return this.#quoted();
      case "[":
        return this.#list();
      case "{":
        return this.#object();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #list(): ExactJson[] {
    const list: ExactJson[] = [];
    this.#at++;
    while (this.#peek() !== "]") {
      list.push(this.value());
      if (this.#peek() === ",") this.#at++;
    }
    this.#at++;
    return list;
  }

  #object(): ExactJsonObject {
    const object: ExactJsonObject = {};
    this.#at++;
    while (this.#peek() !== "}") {
      const key = this.#quoted();
      this.#peek();
      this.#at++;
      setOwn(object, key, this.value());
      if (this.#peek() === ",") this.#at++;
    }
    this.#at++;
    return object;
  }

  #quoted(): string {
    const begin = this.#at;
    let end = begin;
    do end = this.#text.indexOf('"', end + 1);
    while (isEscaped(this.#text, end));
    this.#at = end + 1;
    return JSON.parse(this.#text.slice(begin, this.#at)) as string;
  }

  #number(): number | bigint {
    number.lastIndex = this.#at;
    const [all, integer, rest] = number.exec(this.#text)!;
    this.#at += all.length;
    const value = Number(all);
    return rest === "" && !Number.isSafeInteger(value) ? BigInt(integer!) : value;
  }

  #word<T>(word: string, value: T): T {
    this.#at += word.length;
    return value;
  }

  /** The character after blanks. */
  #peek(): string {
    blanks.lastIndex = this.#at;
    blanks.exec(this.#text);
    this.#at = blanks.lastIndex;
    return this.#text[this.#at]!;
  }
}

/** Whether an odd number of backslashes stands before a position. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === "\\") before--;
  return (at - before) % 2 === 1;
}

/** Sets a property, also one called `__proto__`, which an assignment would take for the prototype. */
export function setOwn(object: ExactJsonObject, key: string, value: ExactJson): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Writes JSON with bigints as bare integers and with the sign of -0, both of which `JSON.stringify` cannot.
 *
 * @throws {@link TenonError} `option-invalid` for NaN and infinities, which JSON has not
 */
export function formatExact(value: ExactJson): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return formatNumber(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(formatExact).join(",")}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${formatExact(member)}`);
  return `{${members.join(",")}}`;
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  throw new TenonError("option-invalid", `JSON has no way to write ${value}.`);
}
