import type { LogLevel } from "./record.js";

const named = new Map<string, LogLevel>([
  ["trace", "trace"],
  ["silly", "trace"],
  ["finest", "trace"],
  ["debug", "debug"],
  ["verbose", "debug"],
  ["http", "debug"],
  ["fine", "debug"],
  ["info", "info"],
  ["information", "info"],
  ["notice", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["err", "error"],
  ["severe", "error"],
  ["critical", "error"],
  ["crit", "error"],
  ["alert", "error"],
  ["emerg", "error"],
  ["emergency", "error"],
  ["fatal", "error"],
  ["panic", "error"],
  ["dpanic", "error"],
]);

const tagged =
  /^(?:\d{2,4}[-/]\d{2}[-/]\d{2,4}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?:? +)?\[(TRACE|DEBUG|INFO|WARN|ERROR|ERR)\]/;
const nodeWarning = /^\(node:\d+\) .*Warning: /;

/** Level of a word such as `warning` or `FATAL`, in any case; undefined for a word that is no level. */
export function levelOfWord(word: string): LogLevel | undefined {
  return named.get(word.toLowerCase());
}

/** Level of a number on pino's and bunyan's scale: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
export function levelOfNumber(value: number): LogLevel | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined;
  if (value < 20) return "trace";
  if (value < 30) return "debug";
  if (value < 40) return "info";
  if (value < 50) return "warn";
  return "error";
}

/**
 * Level that a line of text announces by a prefix `[TRACE]` … `[ERROR]`, first on the line or after a timestamp,
 * or by being a warning of the Node runtime. Undefined where it announces none.
 */
export function levelOfText(text: string): LogLevel | undefined {
  const first = text.charCodeAt(0);
  const isBracketOrDigit = first === 0x5b || (first >= 0x30 && first <= 0x39);
  if (isBracketOrDigit) {
    const word = tagged.exec(text)?.[1];
    return word === undefined ? undefined : levelOfWord(word);
  }
  return first === 0x28 && nodeWarning.test(text) ? "warn" : undefined;
}
