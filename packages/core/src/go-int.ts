/**
 * Reads a decimal integer as Go's `strconv.Atoi` does: an optional sign, then digits only, no blanks. Numbers beyond
 * ±(2^53 − 1) give `undefined`, as does anything else.
 */
export function parseGoInt(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  // "-0" would otherwise be told apart from 0 by Object.is and by deep comparisons.
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}
