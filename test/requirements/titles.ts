/** A test's or suite's title as it stands in the source, without its quotes. */
export interface Title {
  readonly text: string;
  readonly line: number;
  /** True for `test.skip`, `test.todo`, `{ skip: true }`, `{ skip: "why" }` and everything inside such a suite. */
  readonly skipped: boolean;
}

interface Literal {
  readonly start: number;
  readonly end: number;
}

const quotes = new Set(['"', "'", "`"]);

/**
 * Collects the titles in a test file: the first argument of `test`, `it`, `describe`, `suite` and their variants where
 * it is a literal, and for tests made from a table the literal of a property called `title`. Comments and texts inside
 * other texts are not looked at.
 */
export function collectTitles(source: string): Title[] {
  const { code, literals } = blankLiterals(source);
  const starts = new Map(literals.map((literal) => [literal.start, literal]));
  const skippedParts: Literal[] = [];
  const titles: (Literal & { skipped: boolean })[] = [];
  for (const match of code.matchAll(/\b(?:test|it|describe|suite)(\.(?:only|skip|todo))?\(\s*/g)) {
    const literal = starts.get(match.index + match[0].length);
    if (literal === undefined) continue;
    const skipped = match[1] === ".skip" || match[1] === ".todo" || hasSkipOption(code.slice(literal.end));
    if (skipped) skippedParts.push({ start: match.index, end: endOfCall(code, match.index) });
    titles.push({ ...literal, skipped });
  }
  for (const match of code.matchAll(/\btitle:\s*/g)) {
    const literal = starts.get(match.index + match[0].length);
    if (literal !== undefined) titles.push({ ...literal, skipped: false });
  }
  return titles
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, skipped }) => ({
      text: source.slice(start + 1, end - 1),
      line: source.slice(0, start).split("\n").length,
      skipped: skipped || skippedParts.some((part) => part.start <= start && end <= part.end),
    }));
}

/** Every id that a title cites: `[HS-05]`, or several as `[HS-05, HS-06]`. */
export function citedIds(title: string): string[] {
  const groups = title.matchAll(/\[([A-Z]+-[0-9]{2}(?:,\s*[A-Z]+-[0-9]{2})*)\]/g);
  return [...groups].flatMap((group) => group[1]!.split(/,\s*/));
}

function hasSkipOption(afterTitle: string): boolean {
  return /^\s*,\s*\{[^{}]*\b(?:skip|todo):\s*(?:true|["'`])\s*["'`]?\s*[,}]/.test(afterTitle);
}

function endOfCall(code: string, from: number): number {
  let depth = 0;
  for (let i = code.indexOf("(", from); i < code.length; i++) {
    if (code[i] === "(") depth++;
    if (code[i] === ")" && --depth === 0) return i;
  }
  return code.length;
}

/** The source with comments, regular expressions and the insides of texts blanked out, and where the texts stand. */
function blankLiterals(source: string): { code: string; literals: Literal[] } {
  const out = source.split("");
  const literals: Literal[] = [];
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  let last = "";
  for (let i = 0; i < source.length; ) {
    const char = source[i]!;
    const end = endOfToken(source, i, last);
    if (quotes.has(char)) {
      literals.push({ start: i, end });
      blank(i + 1, end - 1);
    } else if (end > i + 1) {
      blank(i, end);
    }
    if (!/\s/.test(char) && !(char === "/" && /[/*]/.test(source[i + 1] ?? ""))) last = char;
    i = end;
  }
  return { code: out.join(""), literals };
}

function endOfToken(source: string, at: number, last: string): number {
  const char = source[at]!;
  if (char === "`") return endOfTemplate(source, at);
  if (quotes.has(char)) return endOfQuoted(source, at, char);
  if (char !== "/") return at + 1;
  if (source[at + 1] === "/") return indexAfter(source, "\n", at) - 1;
  if (source[at + 1] === "*") return indexAfter(source, "*/", at + 2);
  // A slash divides after a value, and starts a regular expression anywhere else.
  return /[\w$)\]]/.test(last) ? at + 1 : endOfRegExp(source, at);
}

function indexAfter(source: string, text: string, from: number): number {
  const index = source.indexOf(text, from);
  return index < 0 ? source.length + 1 : index + text.length;
}

function endOfQuoted(source: string, at: number, quote: string): number {
  let i = at + 1;
  while (i < source.length && source[i] !== quote) i += source[i] === "\\" ? 2 : 1;
  return i + 1;
}

function endOfTemplate(source: string, at: number): number {
  let i = at + 1;
  while (i < source.length && source[i] !== "`") {
    if (source[i] === "\\") i += 2;
    else if (source.startsWith("${", i)) i = endOfPlaceholder(source, i + 2);
    else i++;
  }
  return i + 1;
}

function endOfPlaceholder(source: string, at: number): number {
  let last = "{";
  let i = at;
  for (let depth = 1; i < source.length && depth > 0; ) {
    const char = source[i]!;
    if (char === "{") depth++;
    if (char === "}") depth--;
    const end = endOfToken(source, i, last);
    if (!/\s/.test(char)) last = char;
    i = end;
  }
  return i;
}

function endOfRegExp(source: string, at: number): number {
  let inClass = false;
  let i = at + 1;
  for (; i < source.length && source[i] !== "\n"; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "[") inClass = true;
    else if (source[i] === "]") inClass = false;
    else if (source[i] === "/" && !inClass) break;
  }
  return i + 1;
}
