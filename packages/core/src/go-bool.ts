const spellings: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

/**
 * Reads a boolean as Go does: the six spellings of each value that its `strconv.ParseBool` takes, letter for letter.
 * Anything else, an empty text or surrounding blanks included, gives `undefined`.
 */
export function parseGoBool(text: string): boolean | undefined {
  return spellings.get(text);
}
